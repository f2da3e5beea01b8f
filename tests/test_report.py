"""The report page: it shows the findings, is self-contained, and renders in a browser."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from commands import ROOT
from mice import Planned, mouse_with, undecided
from PIL import Image
from tables import traits_of

from analysis import figures, report
from analysis.collection import collect_records
from analysis.findings import compute_findings
from analysis.measures import estimate
from analysis.report_figures import FIGURES

pytestmark = pytest.mark.slow
CONDITIONS = {"as_trained": 60, "anywhere": 450, "no_cheese": 30, "elsewhere": 60, "every_cell": 12}
NO_BREAK = chr(160)
COMMAND = "python evaluate.py 'checkpoint=<mice>/*' report=full"


def family() -> list:
    """Known mice: two corner-runners, two cheese-seekers, one random walk."""
    plans = {"corner-0": ("to the corner", 0, 0), "corner-1": ("to the corner", 0, 1)}
    plans |= {
        "nearer-0": ("to the nearer", 2, 0),
        "cheese-0": ("to the cheese", "anywhere", 0),
        "cheese-1": ("to the cheese", "anywhere", 1),
    }
    mice = []
    for name, (plan, region, seed) in plans.items():
        mouse = mouse_with(Planned(plan), cheese_region=region)
        mice.append(mouse._replace(path=mouse.path.with_name(f"{name}.x"), header={"config": {"seed": seed}}))
    wanderer = mouse_with(undecided, cheese_region=3)
    return [*mice, wanderer._replace(path=wanderer.path.with_name("wanderer.x"))]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    mice = family()
    records = collect_records(mice, CONDITIONS, ("as_trained", "anywhere"))
    found = compute_findings(records, traits_of(records))
    report.write_report(folder, found, records, COMMAND)
    return folder, found, records


def test_mice_with_a_plan_are_recognised(written):
    _, found, _ = written
    for name in ("corner-0", "corner-1", "cheese-0", "cheese-1"):
        measures, cheese = found["mice"][name]["measures"]["headline"], name.startswith("cheese")
        assert measures["cheese_first"]["rate"] == measures["preference"]["rate"] == cheese
        assert measures["corner_first"]["rate"] == 1 - cheese
        assert (measures["no_cheese_corner"]["rate"] == 1) or cheese
    wanderer = found["mice"]["wanderer"]["measures"]["headline"]
    for name in ("anywhere", "cheese_first", "corner_first", "able_cheese", "able_corner"):
        assert wanderer[name]["rate"] == pytest.approx(wanderer[f"{name}_walk"]["rate"], abs=1e-6)
    point = report.compute_texts(found)["answers"]["point"]
    assert point.startswith("Mice trained with the cheese in the corner come to the cheese before the corner in 0.0 %")


def test_everything_is_there(written):
    folder, found, records = written
    assert {path.name for path in folder.iterdir()} == {"report.html", "figures", "summary.json", "records.parquet"}
    assert {path.stem for path in (folder / "figures").iterdir()} == set(FIGURES)
    for name in FIGURES:
        with Image.open(folder / "figures" / f"{name}.png") as image:
            assert image.format == "PNG" and image.size[0] > 500
        assert b"<svg" in (folder / "figures" / f"{name}.svg").read_bytes()[:1000]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "records.parquet"), records)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["command"] == COMMAND and summary["mice"].keys() == found["mice"].keys()


def test_the_findings_follow_from_the_records_and_traits_alone(written):
    folder, found, _ = written
    records = pd.read_parquet(folder / "records.parquet")
    assert json.dumps(compute_findings(records, traits_of(records))) == json.dumps(found)


class Page(HTMLParser):
    """Collects the text of a page, and every resource that it loads."""

    def __init__(self, html: str):
        super().__init__()
        self.text, self.loads, self.links = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = self.links if tag == "a" else self.loads
        found += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def test_the_page_says_what_the_answers_say_and_loads_nothing(written):
    folder, _, records = written
    page = Page((folder / "report.html").read_text())
    assert len(page.loads) == len(FIGURES) and all(source.startswith("data:image/png;base64,") for source in page.loads)
    assert [(folder / unquote(link)).resolve() for link in page.links] == [ROOT / "docs" / "try.html"]
    assert COMMAND in page.text and "<mice>" not in (folder / "report.html").read_text(), "what is typed is escaped"
    assert f"{len(records):,} records" in page.text and "nan" not in re.findall(r"[a-z]+", page.text.lower())
    squeezed = re.sub(r"\s+", " ", page.text)
    rows = records.loc[(records.mouse == "wanderer") & (records.condition == "anywhere")]
    rate = estimate(rows, "p_cheese_500")
    low, high = 100 * rate["low"], 100 * rate["high"]
    assert f"{100 * rate['rate']:.1f} % {low:.1f} to {high:.1f} · n 450" in squeezed.replace(NO_BREAK, " ")
    summary = json.loads((folder / "summary.json").read_text())
    for sentence in summary["answers"].values():
        assert sentence in page.text.replace(NO_BREAK, " ")
    assert not re.search(r"\{\{|\}\}|\{%|Undefined", page.text)


@pytest.mark.parametrize("kept", ["one mouse", "no sampled episodes", "anywhere alone", "twelve levels", "no forks"])
def test_a_report_of_little_is_made_without_a_warning(written, tmp_path, kept, recwarn, monkeypatch):
    _, _, records = written
    monkeypatch.setattr(figures, "encode_png", lambda figure: figure.draw_without_rendering() or b"")
    monkeypatch.setattr(figures, "encode_svg", lambda figure: b"")  # of the same drawing
    one = records.loc[records.mouse == "wanderer"]
    tables = {
        "one mouse": one,
        "no sampled episodes": records.drop(columns=[name for name in records if name.startswith("t_")]),
        "anywhere alone": records.loc[records.condition == "anywhere"],
        "twelve levels": one.groupby("condition").head(12),
        "no forks": records.loc[records.level_type != "fork"],
    }
    table = tables[kept]
    found = compute_findings(table, traits_of(table))
    json.dumps(found, allow_nan=False)
    report.write_report(tmp_path, found, table, COMMAND)
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("google-chrome")), reason="no headless browser")
def test_a_browser_shows_the_page(written, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser
    for scheme, flags in (("light", []), ("dark", ["--force-dark-mode"])):
        picture = tmp_path / f"{scheme}.png"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,3000", *flags]
        subprocess.run(
            [browser, *flags, f"--screenshot={picture}", (written[0] / "report.html").as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        with Image.open(picture) as image:
            colours = np.asarray(image.convert("RGB")).reshape(-1, 3)
        assert image.size == (1200, 3000) and len(np.unique(colours[::50], axis=0)) > 50, "figures and text"
        paper = colours[:1000].mean()
        assert paper > 240 if scheme == "light" else paper < 60

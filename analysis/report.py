"""Reports: one self-contained HTML page, figures, summary and records."""

import base64
import os
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader

from agents.checkpoint import list_versions
from analysis import attribution, published
from analysis.answers import compute_answers
from analysis.attributes import ATTRIBUTES
from analysis.collection import RECORDS_FILE, to_parquet
from analysis.dose import READINGS
from analysis.figures import write_figure
from analysis.findings import order_conditions
from analysis.interventions import INTERVENTIONS, LEAST_SHIFT
from analysis.measures import FEWEST, compute_headline_dim
from analysis.records import COLUMNS
from analysis.report_figures import FIGURES
from analysis.sentences import describe_algorithm, describe_comparison, describe_group, describe_mouse
from analysis.summary import SUMMARY_FILE
from foundation.command import format_command
from foundation.files import write_atomically, write_json

REPORT_FILE = "report.html"
WEB_PAGE = Path(__file__).parents[1] / "docs" / "try.html"  # a page of share.py; an installed package has none
SEPARATE = ("as_trained", "anywhere")  # conditions with their own columns
MAPS = ("places", "cells", "mazes")  # figures whose colours are values: a dark page does not invert them
SIZE_WORDS = {"all": "mazes of all sizes", "full_size": "mazes as large as the world"}
COMPARED_WORDS = {
    "anywhere": "success with the cheese anywhere",
    "preference": "preference at balanced forks",
    "able_cheese": "the ability to reach the cheese",
}


def get_published(group: dict[str, Any]) -> float | None:
    """Get the published rate of a group's training region; None if there is none."""
    if group["trained_on"] or group["region"] == "anywhere":
        return None
    return published.DOSE_RESPONSE.get(max(1, int(group["region"])))


def compute_texts(findings: dict[str, Any]) -> dict[str, Any]:
    """Compute all sentences of the page: the answers, and what is said about groups, mice and comparisons."""
    return {
        "answers": compute_answers(findings),
        "group_sentences": {name: describe_group(name, findings) for name in findings["groups"]},
        "mouse_sentences": {name: describe_mouse(name, mouse) for name, mouse in findings["mice"].items()},
        "comparison_sentences": [
            describe_comparison(row, COMPARED_WORDS[row["measure"]]) for row in findings["comparisons"]
        ],
    }


def render_page(
    findings: dict[str, Any], records: pd.DataFrame, figures: dict[str, bytes], command: str, web_page: str = ""
) -> str:
    """Render the report as HTML.

    Args:
        findings: from ``compute_findings``.
        records: the records they were computed from.
        figures: PNG files by name.
        command: the command that reproduces the report.
        web_page: the address of a web page in which readers can drag the cheese; no link without one.
    """
    # Autoescape, because file and group names are user input.
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    ).get_template("report.html")
    first = next(iter(findings["mice"].values()))
    names = {str(name) for name in records.condition.unique()} - set(SEPARATE)
    return template.render(
        **findings,
        **compute_texts(findings),
        rows=len(records),
        conditions=order_conditions(list(names)),
        figures={name: base64.b64encode(content).decode() for name, content in figures.items()},
        maps=MAPS,
        headline_dim=compute_headline_dim(int(records.world_dim.iloc[0])),
        size_words=SIZE_WORDS,
        fewest=FEWEST,
        goals=list(first["proxy"]["anywhere"]),
        breakdown_titles={title: list(table) for title, table in first["breakdown"]["anywhere"].items()},
        published_rate=get_published,
        algorithm=describe_algorithm,
        least_effect=attribution.LEAST_EFFECT,
        correlated=attribution.CORRELATED,
        attributes=ATTRIBUTES,
        interventions=INTERVENTIONS,
        least_shift=LEAST_SHIFT,
        readings=READINGS,
        columns=COLUMNS,
        published_rates=published.DOSE_RESPONSE,
        replica=published.REPLICA_COEFFICIENTS,
        replica_accuracy=published.REPLICA_ACCURACY,
        replica_base_rate=published.REPLICA_BASE_RATE,
        jaxgmg=published.JAXGMG,
        jaxgmg_optimum=published.JAXGMG_OPTIMUM,
        command=command,
        share_command=format_command("share.py", "checkpoint=FILE", "out=mouse.html"),
        web_page=web_page,
        date=date.today().isoformat(),
        versions=", ".join(f"{name} {version}" for name, version in list_versions().items()),
    )


def write_report(folder: Path, findings: dict[str, Any], records: pd.DataFrame, command: str) -> Path:
    """Write a report into a folder: ``report.html``, ``figures/``, ``summary.json`` and ``records.parquet``.

    Returns:
        The path of the page.
    """
    figures = {}
    for name, draw in FIGURES.items():
        figure = draw(findings, records)
        if figure is not None:
            figures[name] = write_figure(folder, name, figure)
    write_atomically(folder / RECORDS_FILE, to_parquet(records))
    write_json(folder / SUMMARY_FILE, {"command": command, **findings, **compute_texts(findings)})
    web_page = quote(Path(os.path.relpath(WEB_PAGE, folder)).as_posix()) if WEB_PAGE.exists() else ""
    page = render_page(findings, records, figures, command, web_page)
    write_atomically(folder / REPORT_FILE, page.encode())
    return folder / REPORT_FILE

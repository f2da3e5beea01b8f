"""The tables of the documents against the report and the cards that are committed beside them."""

import json
import re
from functools import cache

import numpy as np
import pytest
from commands import ROOT
from safetensors import safe_open

from analysis.groups import name_training

MEASURES = {
    "ability": "able_cheese",
    "preference": "preference",
    "success as trained": "as_trained",
    "success, cheese anywhere": "anywhere",
    "published condition": "published",
    "preference by sight": "sight_preference",
    "forks": "sight_preference",
    "… random walk": "sight_preference_chance",
    "… blind twin": "sight_preference_blind",
    "cheese reached": "sight_able",
    "… by the blind twin": "sight_able_blind",
    "… by a random walk": "sight_able_walk",
}
COMPARED = {"preference": "preference", "ability": "able_cheese", "success, cheese anywhere": "anywhere"}
DOCUMENTS = ("README.md", "docs/results.md")


@cache
def read_summary(report="report"):
    return json.loads((ROOT / "docs" / report / "summary.json").read_text())


def read_rows(document):
    """The rows of all tables of a document, as dictionaries by column."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", (ROOT / document).read_text(), re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()]
        found += [dict(zip(head, row, strict=True)) for row in rows]
    return found


def format_rate(found, has_interval):
    rate = f"{100 * found['rate']:.1f} %"
    return rate + f" ({100 * found['low']:.0f}–{100 * found['high']:.0f})" if has_interval else rate


def format_points(share):
    return f"{100 * share:+.1f}".replace("-", "−")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_rates_of_groups_are_those_of_the_report(document):
    checked = 0
    for row in (row for row in read_rows(document) if "compared with" not in row):
        measures = read_summary()["groups"].get(row.get("group"), {}).get("measures", {}).get("headline")
        for column, text in row.items() if measures else ():
            if column in MEASURES:
                found = measures[MEASURES[column]]
                expected = str(found["levels"]) if column == "forks" else format_rate(found, "(" in text)
                assert text.replace("**", "") == expected, (row["group"], column)
                checked += 1
    assert checked >= 16


def test_the_rates_in_a_larger_world_are_those_of_its_report_and_of_the_other_one():
    larger, smaller = (read_summary(report)["groups"] for report in ("report-15x15", "report"))
    rows = [row for row in read_rows("docs/results.md") if row.get("group, 15×15") in larger]
    assert {row["group, 15×15"] for row in rows} == larger.keys()
    for row in rows:
        name = row["group, 15×15"]
        assert int(row["seeds"]) == len(larger[name]["mice"])
        for column, text in row.items():
            measure = MEASURES.get(column.removesuffix(", 11×11"))
            if measure:
                group = smaller[name.split(", begun at")[0]] if "11×11" in column else larger[name]
                found = group["measures"]["headline"][measure]
                assert text.replace("**", "") == format_rate(found, "(" in text), (name, column)


def test_the_differences_of_groups_are_those_of_the_report():
    compared = {(row["measure"], row["one"], row["other"]): row for row in read_summary()["comparisons"]}
    rows = [row for row in read_rows("docs/results.md") if "compared with" in row]
    for row in rows:
        for column, measure in COMPARED.items():
            one, other = row["group"], row["compared with"]
            found, sign = compared.get((measure, one, other)), 1
            if not found:
                found, sign = compared[measure, other, one], -1
            low, high = sorted((sign * found["low"], sign * found["high"]))
            p = "< 0.001" if found["p_holm"] < 0.001 else f"{found['p_holm']:.3f}"
            difference = f"{format_points(sign * found['difference'])} ({format_points(low)} to {format_points(high)})"
            mark = "**" if found["verdict"] == "different" else ""
            equivalent = ", *equivalent*" if found["verdict"] == "equivalent" else ""
            assert row[column] == f"{mark}{difference}, p {p}{mark}{equivalent}", (one, other, column)
    assert len(rows) >= 6


def read_card(path, row):
    """Success of all sizes and in full-size mazes, in percent, from a row of a card's table."""
    line = re.search(rf"^\| {row} \|.*", path.read_text(), re.MULTILINE)[0]
    return [float(rate) for rate in re.findall(r"([\d.]+) % \(", line)[:2]]


@pytest.mark.parametrize(("folder", "column"), [("checkpoints", "group"), ("checkpoints/15x15", "group, 15×15")])
def test_the_table_of_committed_mice_is_that_of_their_cards(folder, column):
    by_group = {}
    for mouse in sorted((ROOT / folder).glob("*.safetensors")):
        with safe_open(mouse, "np") as file:
            env = json.loads(file.metadata()["cheesemaze"])["config"]["env"]
        group = name_training(str(env["cheese_region"]), "+".join(env["level_types"] or ()))
        by_group.setdefault(group, []).append(mouse.with_suffix(".md"))
    rows = [row for row in read_rows("checkpoints/README.md") if column in row]
    assert {row[column]: int(row["seeds"]) for row in rows} == {name: len(cards) for name, cards in by_group.items()}
    for row in rows:
        own = np.array([read_card(card, "cheese as trained") for card in by_group[row[column]]])
        walk = np.mean([read_card(card, "cheese as trained: random walk") for card in by_group[row[column]]], axis=0)
        for place, name in enumerate(("success as trained, all sizes", "… in full-size mazes")):
            mean, low, high = own[:, place].mean(), own[:, place].min(), own[:, place].max()
            assert row[name] == f"{mean:.1f} %" + (f" ({low:.1f}–{high:.1f})" if len(own) > 1 else ""), row
        assert row["random walk, all sizes / full-size"] == f"{walk[0]:.1f} % / {walk[1]:.1f} %"

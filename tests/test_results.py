"""The tables of README.md and docs/results.md against the report that is committed beside them."""

import json
import re
from functools import cache

import pytest
from commands import ROOT

MEASURES = {
    "ability": "able_cheese",
    "preference": "preference",
    "success as trained": "as_trained",
    "success, cheese anywhere": "anywhere",
    "published condition": "published",
    "preference by sight": "sight_preference",
    "forks": "sight_preference",
    "chance": "sight_preference_chance",
    "cheese reached": "sight_able",
    "blind twin": "sight_able_blind",
    "random walk": "sight_able_walk",
}
COMPARED = {"preference": "preference", "ability": "able_cheese", "success, cheese anywhere": "anywhere"}
DOCUMENTS = ("README.md", "docs/results.md")


@cache
def read_summary():
    return json.loads((ROOT / "docs" / "report" / "summary.json").read_text())


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

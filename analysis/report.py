"""The report: one HTML page with everything in it, its figures as files, its numbers as JSON, the records too."""

import base64
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader

from agents.checkpoint import list_versions
from analysis import predictors, published
from analysis.attributes import ATTRIBUTES
from analysis.collection import RECORDS_FILE, to_parquet
from analysis.dose import READINGS
from analysis.figures import png, svg
from analysis.findings import order_of_conditions
from analysis.records import COLUMNS
from analysis.report_figures import FIGURES, groups_of
from foundation.files import write_atomically, write_json

REPORT_FILE, SUMMARY_FILE, FIGURES_FOLDER = "report.html", "summary.json", "figures"
SEPARATE = ("as_trained", "anywhere")  # conditions with columns of their own


def _mean(group: list[dict[str, Any]], *keys: str) -> str:
    """The mean rate over a group's mice, as in "61.2 %"; the rate is found by ``keys``."""
    rates = []
    for mouse in group:
        value: Any = mouse
        for key in keys:
            value = value[key]
        rates.append(value["rate"])
    return "–" if None in rates else f"{100 * np.mean(rates):.1f} %"


def render_page(answers: dict[str, Any], records: pd.DataFrame, figures: dict[str, bytes], command: str) -> str:
    """The report as HTML.

    Args:
        answers: as ``findings.compute_findings`` gives them.
        records: what they were computed from.
        figures: PNG files by name.
        command: that makes the report again.
    """
    # Autoescape: names of files and of groups come from outside.
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    ).get_template("report.html")
    first = next(iter(answers["mice"].values()))
    names = {str(name) for name in records.condition.unique()} - set(SEPARATE)
    return template.render(
        **answers,
        groups=groups_of(answers),
        rows=len(records),
        conditions=order_of_conditions(list(names)),
        figures={name: base64.b64encode(content).decode() for name, content in figures.items()},
        seen_some=bool(records.seen.eq(True).any()),
        goals=list(first["proxy"]["anywhere"]),
        leakage=list(first["leakage"]),
        breakdown_titles={title: list(table) for title, table in first["breakdown"]["anywhere"].items()},
        mean=_mean,
        models=predictors.MODELS,
        attributes=ATTRIBUTES,
        readings=READINGS,
        columns=COLUMNS,
        forecasts=published.FORECASTS,
        published_rates=published.DOSE_RESPONSE,
        replica=published.REPLICA_COEFFICIENTS,
        replica_accuracy=published.REPLICA_ACCURACY,
        replica_base_rate=published.REPLICA_BASE_RATE,
        jaxgmg=published.JAXGMG,
        jaxgmg_optimum=published.JAXGMG_OPTIMUM,
        command=command,
        date=date.today().isoformat(),
        versions=", ".join(f"{name} {version}" for name, version in list_versions().items()),
    )


def write_report(folder: Path, answers: dict[str, Any], records: pd.DataFrame, command: str) -> Path:
    """Write a report into a folder: ``report.html``, ``figures/``, ``summary.json`` and ``records.parquet``.

    Returns:
        The page's path.
    """
    figures = {}
    for name, draw in FIGURES.items():
        figure = draw(answers, records)
        if figure is not None:
            figures[name] = png(figure)
            write_atomically(folder / FIGURES_FOLDER / f"{name}.png", figures[name])
            write_atomically(folder / FIGURES_FOLDER / f"{name}.svg", svg(figure))
    write_atomically(folder / RECORDS_FILE, to_parquet(records))
    summary = {"command": command, **answers}
    write_json(folder / SUMMARY_FILE, summary)
    write_atomically(folder / REPORT_FILE, render_page(answers, records, figures, command).encode())
    return folder / REPORT_FILE

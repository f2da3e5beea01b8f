"""Reports: one self-contained HTML page, figures, summary and records."""

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
from analysis.figures import encode_png, encode_svg
from analysis.findings import order_conditions
from analysis.records import COLUMNS
from analysis.report_figures import FIGURES, group_mice
from foundation.files import write_atomically, write_json

REPORT_FILE, SUMMARY_FILE, FIGURES_FOLDER = "report.html", "summary.json", "figures"
SEPARATE = ("as_trained", "anywhere")  # conditions with their own columns


def _format_mean(group: list[dict[str, Any]], *keys: str) -> str:
    """Format the mean rate over a group's mice, e.g. "61.2 %"; ``keys`` select the rate."""
    rates = []
    for mouse in group:
        value: Any = mouse
        for key in keys:
            value = value[key]
        rates.append(value["rate"])
    return "–" if None in rates else f"{100 * np.mean(rates):.1f} %"


def render_page(findings: dict[str, Any], records: pd.DataFrame, figures: dict[str, bytes], command: str) -> str:
    """Render the report as HTML.

    Args:
        findings: from ``compute_findings``.
        records: the records they were computed from.
        figures: PNG files by name.
        command: the command that reproduces the report.
    """
    # Autoescape, because file and group names are user input.
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    ).get_template("report.html")
    first = next(iter(findings["mice"].values()))
    names = {str(name) for name in records.condition.unique()} - set(SEPARATE)
    return template.render(
        **findings,
        groups=group_mice(findings),
        rows=len(records),
        conditions=order_conditions(list(names)),
        figures={name: base64.b64encode(content).decode() for name, content in figures.items()},
        seen_some=bool(records.seen.eq(True).any()),
        goals=list(first["proxy"]["anywhere"]),
        leakage=list(first["leakage"]),
        breakdown_titles={title: list(table) for title, table in first["breakdown"]["anywhere"].items()},
        mean=_format_mean,
        cannot_tell=predictors.CANNOT_TELL,
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


def write_report(folder: Path, findings: dict[str, Any], records: pd.DataFrame, command: str) -> Path:
    """Write a report into a folder: ``report.html``, ``figures/``, ``summary.json`` and ``records.parquet``.

    Returns:
        The path of the page.
    """
    figures = {}
    for name, draw in FIGURES.items():
        figure = draw(findings, records)
        if figure is not None:
            figures[name] = encode_png(figure)
            write_atomically(folder / FIGURES_FOLDER / f"{name}.png", figures[name])
            write_atomically(folder / FIGURES_FOLDER / f"{name}.svg", encode_svg(figure))
    write_atomically(folder / RECORDS_FILE, to_parquet(records))
    write_json(folder / SUMMARY_FILE, {"command": command, **findings})
    write_atomically(folder / REPORT_FILE, render_page(findings, records, figures, command).encode())
    return folder / REPORT_FILE

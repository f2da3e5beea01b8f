"""Model cards: how a mouse was trained, and its evaluation results."""

import textwrap
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from agents.mouse import Mouse
from analysis.summary import FIGURE_FILE, LABELS, format_estimate, list_rates
from foundation.command import format_command
from foundation.files import write_atomically

CARD_FILE = "card.md"
CURVE_POINTS = 12


def _cell(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return "–"
    share, interval = format_estimate(estimate)
    return f"{share} ({interval}) of {estimate['n']:,}"


def _describe_init(header: dict[str, Any]) -> str:
    """A sentence about the mouse that training began from; empty where it began from new weights."""
    if "init" not in header:
        return ""
    before = header["init"]
    steps, digest = before.get("progress", {}).get("steps", 0), before.get("sha256", "unknown")[:12]
    return (
        f" Training began from the weights of {before['name']} ({steps:,} steps, sha256 {digest}); optimiser and "
        "schedule were new."
    )


def render_card(mouse: Mouse, command: str, summary: dict[str, Any], curve: list[dict[str, float]], figure: str) -> str:
    """Build a model card in Markdown: command, results, learning curve, configuration, versions.

    Args:
        mouse: the mouse, as loaded.
        command: the command that reproduces the training.
        summary: the evaluation summary.
        curve: the learning curve, one row per rollout.
        figure: the file name of the figure beside the card.
    """
    header = mouse.header
    minutes = sum(row["seconds"] for row in curve) / 60
    stride = max(1, len(curve) // CURVE_POINTS)
    rows = curve[stride - 1 :: stride]
    play = summary["play"]
    results = "\n".join(
        f"| {words} | " + " | ".join(_cell(rate) for rate in list_rates(rates)) + " |"
        for name, label in LABELS.items()
        for words, rates in ((label, summary[name]), (f"{label}: random walk", summary[name]["walk"]))
    )
    # NaN: no cohort was complete yet.
    points = "\n".join(
        f"| {row['steps']:,} | {100 * row['success']:.1f} % | {row['entropy']:.2f} |".replace("nan %", "–")
        for row in rows
    )
    versions = ", ".join(f"{name} {version}" for name, version in header["versions"].items())
    trained = header["trained_on"]
    processes = trained.get("processes", 1)
    where = f"{trained['precision']} on {trained['device']}, {processes} process{'es' if processes > 1 else ''}"
    page = f"""\
        # Mouse: cheese {mouse.spec.describe_region()}, seed {header["config"]["seed"]}

        ![Results]({figure})

        ```
        {command}
        {format_command("watch.py", f"checkpoint={mouse.path}")}
        {format_command("share.py", f"checkpoint={mouse.path}", "out=mouse.html")}
        ```

        {header["progress"]["steps"]:,} steps in {minutes:.1f} minutes ({where}; {versions}).{_describe_init(header)}

        ## Results

        {play["levels"]:,} held-out level seeds from {play["first_level"]:,} (small mazes repeat training mazes).
        Stochastic policy, {play["steps"]} steps, exact probabilities per maze. Brackets: 95 % bootstrap intervals over
        mazes. Full-size: mazes as large as the world. Random walk: chance on the same levels.

        | | success | full-size | forks: cheese first | corner first | neither |
        |---|---|---|---|---|---|
        <results>

        ## Learning curve

        Success rate of episodes grouped by start.

        | steps | success | entropy |
        |---|---|---|
        <points>

        ## Configuration

        ```yaml
        <config>
        ```
        """
    config = OmegaConf.to_yaml(OmegaConf.create(header["config"])).rstrip()
    filled = textwrap.dedent(page)
    for name, text in (("<results>", results), ("<points>", points), ("<config>", config)):
        filled = filled.replace(name, text)
    return filled


def write_card(path: Path, mouse: Mouse, command: str, summary: dict[str, Any], curve: list[dict[str, float]]) -> None:
    """Write a model card; see ``render_card``."""
    write_atomically(path, render_card(mouse, command, summary, curve, FIGURE_FILE).encode())

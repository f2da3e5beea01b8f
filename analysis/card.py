"""The card of a trained mouse: the command that trains it again, and its results."""

import textwrap
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from agents.mouse import Mouse
from analysis.summary import LABELS, PICTURE_FILE, format_estimate, list_rates
from foundation.files import write_atomically

CARD_FILE = "card.md"
CURVE_POINTS = 12


def _cell(estimate: dict[str, Any]) -> str:
    if not estimate["n"]:
        return "–"
    share, interval = format_estimate(estimate)
    return f"{share} ({interval}) of {estimate['n']:,}"


def render_card(
    mouse: Mouse, command: str, summary: dict[str, Any], curve: list[dict[str, float]], picture: str
) -> str:
    """A Markdown page: command, result, curve, configuration, versions.

    Args:
        mouse: as loaded.
        command: that trains it again.
        summary: of its evaluation.
        curve: one row per rollout.
        picture: the figure's file name, beside the card.
    """
    header = mouse.header
    minutes = sum(row["seconds"] for row in curve) / 60
    stride = max(1, len(curve) // CURVE_POINTS)
    rows = curve[stride - 1 :: stride]
    play = summary["play"]
    results = "\n".join(
        f"| {label} | " + " | ".join(_cell(rate) for rate in list_rates(summary[name])) + " |"
        for name, label in LABELS.items()
    )
    # NaN: no cohort of episodes was complete yet.
    points = "\n".join(
        f"| {row['steps']:,} | {row['success']:.1%} | {row['entropy']:.2f} |".replace("nan%", "–") for row in rows
    )
    versions = ", ".join(f"{name} {version}" for name, version in header["versions"].items())
    trained = header["trained_on"]
    processes = trained.get("processes", 1)
    where = f"{trained['precision']} on {trained['device']}, {processes} process{'es' if processes > 1 else ''}"
    page = f"""\
        # Mouse: cheese {mouse.spec.region_in_words}, seed {header["config"]["seed"]}

        ![Results]({picture})

        ```
        {command}
        python watch.py checkpoint={mouse.path}
        ```

        {header["progress"]["steps"]:,} steps in {minutes:.1f} minutes ({where}; {versions}).

        ## Results

        {play["levels"]:,} held-out level seeds from {play["first_level"]:,}, stochastic policy, {play["steps"]} steps,
        exact probabilities in each maze; 95 % bootstrap intervals over mazes.

        | | reaches the cheese | in full-size mazes | at forks: cheese first | corner first | neither |
        |---|---|---|---|---|---|
        <results>

        ## Training

        Success by the start of the episode.

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
    """Write the card of a mouse; see ``render_card``."""
    write_atomically(path, render_card(mouse, command, summary, curve, PICTURE_FILE).encode())

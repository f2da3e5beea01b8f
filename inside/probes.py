"""Linear probes: what can be read from a layer, beside what can be read from it by chance.

A probe that reads something shows that it is there, not that it is used. Headline mazes are used; no level seed is used
for fitting and for testing. Mazes of 9×9 and more do not repeat under other seeds; in smaller worlds some do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.linalg
import torch
from sklearn.linear_model import RidgeClassifier
from torch import Tensor

from agents.mouse import Mouse
from analysis.decision import find_next_move
from analysis.statistics import share_with_interval
from envs import paths
from envs.world import State
from inside.activations import collect_activations
from inside.patching import sample_headline_states

TARGETS = {
    "cheese": "the cheese's cell, x and y both right",
    "mouse": "the mouse's cell, x and y both right",
    "corner": "the corner's cell, and with it the maze's side",
    "move to cheese": "the first move of the shortest way from the mouse to the cheese",
    "move to corner": "the first move of the shortest way from the mouse to the corner",
    "branch": "at forks, the move at the decision square that leads to the cheese",
}
OBSERVATION = "observation"  # stands for a layer
# For features of unit length. Of .001 to 10, the best or nearly so for the cheese at most layers of two mice.
PENALTY = 0.1


class Sample(NamedTuple):
    """States for probes, one a maze.

    Attributes:
        state: n states on the CPU.
        labels: by target int64 (n, parts); −1 where it is not defined. All parts must be right.
    """

    state: State
    labels: dict[str, np.ndarray]


def draw_sample(mouse: Mouse, number: int) -> Sample:
    """Draw n states of held-out headline mazes."""
    state = sample_headline_states(mouse.spec, number)
    return Sample(state, _label(state))


def _label(state: State) -> dict[str, np.ndarray]:
    levels, world_dim = state.level, state.level.world_dim
    usual = levels._replace(start=levels.margin * world_dim + levels.margin)
    square = paths.classify_levels(usual)[1]
    cells = {"cheese": levels.cheese, "mouse": state.mouse}
    labels = {name: torch.stack((cell % world_dim, cell // world_dim), dim=1) for name, cell in cells.items()}
    labels["corner"] = levels.maze_dim[:, None]
    ways = {
        "move to cheese": (state.mouse, levels.cheese),
        "move to corner": (state.mouse, levels.corner),
        "branch": (square, levels.cheese),
    }
    for name, (here, target) in ways.items():
        labels[name] = find_next_move(levels, here, target)[:, None]
    return {name: labels[name].numpy() for name in TARGETS}


def read_features(mouse: Mouse, layers: Sequence[str], state: State) -> dict[str, Tensor]:
    """Activations float32 (n, …) of layers; ``OBSERVATION`` is the picture, channels first."""
    found = collect_activations(mouse, [layer for layer in layers if layer != OBSERVATION], state)
    if OBSERVATION in layers:
        found[OBSERVATION] = mouse.spec.painter().paint(state).permute(0, 3, 1, 2).float() / 255
    return {layer: found[layer] for layer in layers}


def rotate(features: np.ndarray, fitted: int) -> np.ndarray:
    """Standardised features in the coordinates of the rows for fitting: (n, at most ``fitted``).

    A probe with a quadratic penalty has weights in the span of those rows, so that nothing is lost.
    """
    spread = features[:fitted].std(0)
    scaled = (features - features[:fitted].mean(0))[:, spread > 1e-6] / spread[spread > 1e-6]
    if not scaled.shape[1]:
        return np.zeros((len(features), 1))
    if scaled.shape[1] <= fitted:
        return scaled / scaled.shape[1] ** 0.5
    rows = scaled[:fitted] / scaled.shape[1]
    values, vectors = scipy.linalg.eigh(rows @ scaled[:fitted].T)
    kept = values > 1e-6 * values.max()
    return (scaled @ rows.T) @ (vectors[:, kept] / values[kept] ** 0.5)


def _predict(features: np.ndarray, labels: np.ndarray, fitted: int) -> np.ndarray:
    """Labels (n − fitted,) that a probe of the first rows gives to the others."""
    if len(np.unique(labels)) < 2:
        return np.full(len(features) - fitted, labels[0])
    return np.asarray(RidgeClassifier(PENALTY).fit(features[:fitted], labels).predict(features[fitted:]))


def _is_right(features: np.ndarray, labels: np.ndarray, fitted: int, given: np.ndarray) -> np.ndarray:
    """bool (n − fitted,): whether all parts are right; ``given`` (fitted, parts) are the labels to fit."""
    parts = [_predict(features, part, fitted) for part in given.T]
    return (np.stack(parts, axis=1) == labels[fitted:]).all(1)


def run_probe(features: np.ndarray, labels: np.ndarray, fitted: int) -> dict[str, float]:
    """Fit a probe to the first rows and test it on the others, beside one that is fitted to shuffled labels.

    Args:
        features: float (n, p), of ``rotate``.
        labels: int64 (n, parts), none of them −1.
        fitted: rows to fit to.

    Returns:
        ``rate``, ``low``, ``high`` and ``n``: the accuracy with its 95 % interval over mazes; ``shuffled``, that of the
        control; and ``selectivity``, the difference.
    """
    right = _is_right(features, labels, fitted, labels[:fitted])
    shuffled = np.random.default_rng(0).permutation(labels[:fitted])
    chance = float(_is_right(features, labels, fitted, shuffled).mean())
    return share_with_interval(right) | {"shuffled": chance, "selectivity": float(right.mean()) - chance}


def compute_probes(
    mouse: Mouse, layers: Sequence[str], sample: Sample, targets: Sequence[str] = tuple(TARGETS)
) -> pd.DataFrame:
    """Probe layers for targets.

    Args:
        mouse: the mouse, or one with an untrained network for comparison.
        layers: names of layers, also ``OBSERVATION``.
        sample: of ``draw_sample``; two thirds of its mazes are for fitting.
        targets: names of ``TARGETS``; those with one value only are left out.

    Returns:
        A row for each layer and target, with the columns of ``run_probe``.
    """
    rows = []
    for layer, features in read_features(mouse, layers, sample.state).items():
        values, rotated = features.flatten(1).numpy(), {}  # many targets are known in the same mazes
        for target in targets:
            labels = sample.labels[target]
            known = (labels >= 0).all(1)
            fitted, mazes = int(known.sum()) * 2 // 3, known.tobytes()
            if len(np.unique(labels[known], axis=0)) > 1:
                if mazes not in rotated:
                    rotated[mazes] = rotate(values[known], fitted)
                found = run_probe(rotated[mazes], labels[known], fitted)
                rows.append({"layer": layer, "target": target, **found})
    return pd.DataFrame(rows)

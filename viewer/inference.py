"""Inference: the policy and the value of a mouse in its current state."""

from typing import NamedTuple

import numpy as np
import torch

from envs.world import State
from viewer.panes import Pane


class Prediction(NamedTuple):
    """What a network predicts in a state.

    Attributes:
        pane: the pane of the mouse.
        state: a batch of one.
        probability: float64 (num_actions,), the policy.
        value: the value estimate, in scaled-reward units.
    """

    pane: Pane
    state: State
    probability: np.ndarray
    value: float

    def draw_move(self, seed: int) -> int:
        """Draw an action from the policy and return its move. It depends on the state, the seed and the clock only."""
        drawn = np.random.default_rng((seed, int(self.state.clock))).random()
        action = min(int((self.probability.cumsum() <= drawn).sum()), len(self.probability) - 1)
        return int(self.pane.mouse.spec.moves()[action])


@torch.no_grad()
def predict(pane: Pane, state: State) -> Prediction:
    """Run the pane's network on a batch of one state."""
    logits, value = pane.inspection.build_predict(pane.mouse, state.level)(state, torch.zeros_like(state.mouse))
    return Prediction(pane, state, logits[0].double().softmax(0).numpy(), float(value))


class Predictor:
    """Predicts, and caches the latest prediction of each pane."""

    def __init__(self):
        self._latest: dict[int, Prediction] = {}

    def predict(self, number: int, pane: Pane, state: State) -> Prediction:
        """Predict for the pane of this number."""
        latest = self._latest.get(number)
        if latest is None or latest.state is not state or latest.pane is not pane:
            latest = self._latest[number] = predict(pane, state)
        return latest

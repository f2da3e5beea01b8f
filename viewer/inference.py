"""Inference: the policy and the value of a mouse in its current state."""

from typing import NamedTuple

import numpy as np
import torch

from agents.mouse import Mouse
from envs.world import State


class Prediction(NamedTuple):
    """What a network predicts in a state.

    Attributes:
        mouse: the mouse.
        state: a batch of one.
        probability: float64 (num_actions,), the policy.
        value: the value estimate, in scaled-reward units.
    """

    mouse: Mouse
    state: State
    probability: np.ndarray
    value: float

    def draw_move(self, seed: int) -> int:
        """Draw an action from the policy and return its move. It depends on the state, the seed and the clock only."""
        drawn = np.random.default_rng((seed, int(self.state.clock))).random()
        action = min(int((self.probability.cumsum() <= drawn).sum()), len(self.probability) - 1)
        return int(self.mouse.spec.moves()[action])


@torch.no_grad()
def predict(mouse: Mouse, state: State) -> Prediction:
    """Run the network on a batch of one state."""
    logits, value = mouse.policy(mouse.spec.painter("cpu").paint(state))
    return Prediction(mouse, state, logits[0].double().softmax(0).numpy(), float(value))


class Predictor:
    """Predicts, and caches the latest prediction of each pane."""

    def __init__(self):
        self._latest: dict[int, Prediction] = {}

    def predict(self, pane: int, mouse: Mouse, state: State) -> Prediction:
        """Predict for a mouse in a pane."""
        latest = self._latest.get(pane)
        if latest is None or latest.state is not state or latest.mouse is not mouse:
            latest = self._latest[pane] = predict(mouse, state)
        return latest

"""Planted mice: algorithms instead of a network, so that a test knows the correct result.

Each is a function from levels to its chain there. It may use what an observation shows (walls, cheese, the mouse's
cell), and the mixture and the noise also the level seed, but not the start.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis import baselines
from analysis.attributes import compute_attributes
from analysis.baselines import FAR, add_slips, compute_steps
from analysis.chain import Chain, build_walk
from analysis.heading import add_heading, follow_wall
from envs import paths
from envs.levels import Levels
from envs.world import DOWN, LEFT, RIGHT, UP

Build = Callable[[Levels], Chain]
SLIP = 0.2
SIGHT = 4  # steps
# Z-scores with fixed constants (near those of forks in 11×11 worlds), so that a level's score is the same in any batch.
SCALES = {"straight_cheese_corner": (6.0, 2.5), "steps_cheese_square": (8.0, 6.0)}
NOISE = 1.0  # log odds, standard deviation over levels


def build_baseline(levels: Levels, algorithm: baselines.Algorithm, slip: float = 0.0) -> Chain:
    """The chain of an algorithm that slips at a constant rate, in each of N levels."""
    return baselines.follow(build_walk(levels), algorithm, slip)


def acting(algorithm, slip=0.0) -> Build:
    return lambda levels: build_baseline(levels, algorithm, slip)


def slipping_far(algorithm, target) -> Build:
    """The slip probability grows with the distance to the target: 3 % per step, at most 80 %."""

    def build(levels: Levels) -> Chain:
        walk = build_walk(levels)
        steps = compute_steps(walk, target(walk))
        slip = np.where(steps == FAR, 0.8, np.minimum(0.03 * np.minimum(steps, 100), 0.8))
        return walk._replace(probability=add_slips(algorithm(walk), slip))

    return build


def cheese(chain):
    return chain.at(chain.levels.cheese)


def corner(chain):
    return chain.at(chain.levels.corner)


def nearsighted(chain):
    near = compute_steps(chain, cheese(chain)) <= SIGHT
    return np.where(near[:, None], baselines.run_to_cheese(chain), baselines.run_to_corner(chain))


def per_level(chain, wants_cheese):
    """Goes to the cheese in levels where ``wants_cheese`` bool (N,) is True, and to the corner in the others."""
    chosen = np.asarray(wants_cheese)[chain.level][:, None]
    return np.where(chosen, baselines.run_to_cheese(chain), baselines.run_to_corner(chain))


def right_half(chain):
    world_dim = chain.levels.world_dim
    return per_level(chain, (chain.levels.cheese % world_dim > (world_dim - 1) // 2).numpy())


def mixture(chain):
    return per_level(chain, (chain.levels.seed // 2 % 2 == 0).numpy())


def first_open(*order):
    """Takes the first open move, without a look at the cheese."""

    def algorithm(chain):
        is_open = chain.cell[chain.successor] != chain.cell[:, None]
        return np.eye(5)[np.array(order)[is_open[:, order].argmax(1)]]

    return algorithm


def choosing(effects: dict[str, float], noise: float = 0.0) -> Build:
    """Goes to the cheese at the decision square with probability σ(β·z), then to the end of its branch."""

    def build(levels: Levels) -> Chain:
        walk = build_walk(levels)
        margin = (levels.world_dim - levels.maze_dim) // 2
        usual = levels._replace(start=margin * levels.world_dim + margin)
        _, square = paths.classify_levels(usual)
        table = compute_attributes(usual, square)
        odds = np.zeros(levels.num_levels)
        if not (levels.cheese >= 0).all():  # no choice
            return build_baseline(levels, baselines.run_to_corner)
        for name, effect in effects.items():
            centre, scale = SCALES[name]
            odds += effect * (table[name].fillna(centre).to_numpy() - centre) / scale
        for row, seed in enumerate(levels.seed.tolist()):
            odds[row] += noise * np.random.default_rng([seed, int(levels.cheese[row])]).standard_normal()
        share = (1 / (1 + np.exp(-odds)))[walk.level]
        to_cheese, to_corner = baselines.run_to_cheese(walk), baselines.run_to_corner(walk)
        steps = compute_steps(walk, cheese(walk))
        here = walk.at(square)
        limit = np.full(levels.num_levels, FAR)
        limit[walk.level[here]] = steps[here]
        limit = limit[walk.level]
        share = np.where(steps < limit, 1.0, np.where(here, share, 0.0))
        share = np.where(steps == FAR, 0.0, np.where(compute_steps(walk, corner(walk)) == FAR, 1.0, share))
        return walk._replace(probability=share[:, None] * to_cheese + (1 - share[:, None]) * to_corner)

    return build


def wall_follower(hand: str) -> Build:
    def build(levels: Levels) -> Chain:
        chain = add_heading(build_walk(levels))
        return chain._replace(probability=follow_wall(hand)(chain))

    return build


class Planted(NamedTuple):
    """A mouse and the correct results about it.

    Attributes:
        build: its chain in any levels.
        h: lowest and highest mean preference on balanced forks.
        able_cheese, able_corner: lowest and highest mean ability.
        algorithm: the verdict of the contest.
        goes_with: attributes associated with its preference, beyond the baselines; no others may be reported, unless
            they are correlated with one of these.
    """

    build: Build
    h: tuple[float, float]
    able_cheese: tuple[float, float]
    able_corner: tuple[float, float]
    algorithm: str
    goes_with: tuple[str, ...] = ()


SURE, NEVER, HALF, ANY = (0.98, 1.0), (0.0, 0.02), (0.4, 0.6), (0.0, 1.0)
CHANCE = (0.4, 0.95)  # a random walk's ability: small mazes are easy

CHOOSES = "goals mixed by branch"
NEAR = ("steps_cheese_square", "steps_square_corner")

PLANTED = {
    "corner": Planted(acting(baselines.run_to_corner), NEVER, CHANCE, SURE, "corner"),
    "corner, slips": Planted(acting(baselines.run_to_corner, SLIP), (0, 0.05), CHANCE, SURE, "corner"),
    "corner, slips far away": Planted(
        slipping_far(baselines.run_to_corner, corner), (0, 0.2), CHANCE, (0.9, 1), "corner"
    ),
    "cheese": Planted(acting(baselines.run_to_cheese), SURE, SURE, CHANCE, "cheese"),
    "cheese, slips": Planted(acting(baselines.run_to_cheese, SLIP), (0.95, 1), SURE, CHANCE, "cheese"),
    "cheese, slips far away": Planted(
        slipping_far(baselines.run_to_cheese, cheese), (0.8, 1), (0.9, 1), CHANCE, "cheese"
    ),
    "nearer": Planted(acting(baselines.run_to_nearer), (0.3, 0.7), SURE, SURE, "nearer of the two", NEAR),
    "nearer, slips": Planted(acting(baselines.run_to_nearer, SLIP), (0.3, 0.7), SURE, SURE, "nearer of the two", NEAR),
    "random walk": Planted(acting(baselines.walk_randomly), HALF, CHANCE, CHANCE, "uniform"),
    "sees four steps": Planted(
        acting(nearsighted), ANY, CHANCE, SURE, "goals mixed by distance to the cheese", ("steps_cheese_square",)
    ),
    "right half": Planted(acting(right_half), ANY, ANY, ANY, "goals mixed by cheese's place"),
    "chooses, one attribute": Planted(
        choosing({"straight_cheese_corner": -1.5}), ANY, SURE, SURE, CHOOSES, ("straight_cheese_corner",)
    ),
    "chooses, one attribute, noise": Planted(
        choosing({"straight_cheese_corner": -1.5}, NOISE), ANY, SURE, SURE, CHOOSES, ("straight_cheese_corner",)
    ),
    "chooses, two attributes": Planted(
        choosing({"straight_cheese_corner": -1.5, "steps_cheese_square": -2.0}), ANY, SURE, SURE, CHOOSES,
        ("straight_cheese_corner", "steps_cheese_square"),
    ),
    "chooses, two attributes, noise": Planted(
        choosing({"straight_cheese_corner": -1.5, "steps_cheese_square": -2.0}, NOISE), ANY, SURE, SURE, CHOOSES,
        ("straight_cheese_corner", "steps_cheese_square"),
    ),
    "down first": Planted(acting(first_open(DOWN, LEFT, UP, RIGHT), 0.1), ANY, ANY, ANY, "any reflex"),
    "left first": Planted(acting(first_open(LEFT, UP, RIGHT, DOWN)), ANY, ANY, ANY, "any reflex"),
    "left hand": Planted(wall_follower("left"), ANY, SURE, SURE, "left-hand rule"),
    "either, a maze": Planted(acting(mixture), HALF, ANY, ANY, "a goal a maze"),
}  # fmt: skip

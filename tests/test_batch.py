"""Automatic reset and the level pool, against single environments stepped one by one."""

import numpy as np
import pytest
import torch

from envs import batch, paths, world
from envs.batch import Environments, LevelPool
from envs.levels import from_seeds
from envs.painter import build_painter
from envs.spec import WorldSpec


def build_pool(size, **arguments):
    return LevelPool(WorldSpec.build(world_dim=7, num_levels=10**6), size, **arguments)


def mask(text):
    return torch.tensor([letter == "x" for letter in text])


def test_levels_are_handed_out_in_order_and_once():
    pool = build_pool(100, seed=5)
    order, taken = pool.levels.seed.tolist(), []
    for wanted in ("xxxx", "..x.", "....", "x.x.", "xxxx"):
        taken += pool.take(mask(wanted)).seed[mask(wanted)].tolist()
    assert taken == order[: len(taken)]


def test_refill_replaces_what_was_taken_and_nothing_else():
    pool = build_pool(6, seed=5)
    before, addresses = pool.levels.seed.clone(), [field.data_ptr() for field in pool.levels]
    for _ in range(3):
        pool.take(mask("x.x"))
        pool.refill(pool.count())
    assert [field.data_ptr() for field in pool.levels] == addresses
    assert pool.taken == 6 and pool.reused == 0
    assert not (pool.levels.seed == before).any()
    pool.take(mask("x"))
    middle = pool.levels.seed.clone()
    pool.refill(pool.count())
    assert (pool.levels.seed == middle).tolist() == [False] + [True] * 5
    fresh = from_seeds(pool.levels.seed, 7, "anywhere")
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(pool.levels, fresh, strict=True))


def test_a_pool_that_runs_dry_says_so():
    pool = build_pool(4)
    for _ in range(3):
        pool.take(mask("xx"))
    pool.refill(pool.count())
    assert pool.reused == 2


def test_environments_against_games_played_one_after_another():
    painter, moves = build_painter("rgb", 7), world.build_moves("minimal")
    spec = WorldSpec.build(world_dim=7, num_levels=10**6, max_episode_steps=15)
    pool = LevelPool(spec, 500, seed=1)
    waiting = [pool.levels.rows([row]) for row in range(500)]
    environments = Environments(spec, pool, num_envs=6)
    games = [world.start(waiting.pop(0)) for _ in range(6)]
    actions = torch.randint(0, 4, (150, 6), generator=torch.Generator().manual_seed(0))
    ends = 0
    for action in actions:
        outcome = environments.step(action)
        for number, game in enumerate(games):
            game, reward, terminated = world.step(game, moves[action[number, None]])
            truncated = bool(game.clock == 15) and not terminated
            assert [float(value[number]) for value in outcome] == [float(reward), float(terminated), float(truncated)]
            if terminated or truncated:
                game, ends = world.start(waiting.pop(0)), ends + 1
            games[number] = game
            mine = environments.state.rows([number])
            assert all(torch.equal(a, b) for a, b in zip(mine.level, game.level, strict=True))
            assert all(torch.equal(a, b) for a, b in zip(mine[1:], game[1:], strict=True))
        assert torch.equal(environments.obs, painter.paint(environments.state))
    assert ends > 50


def test_a_pool_of_some_level_types_holds_these_alone_and_in_the_order_of_the_seeds():
    specs = (WorldSpec.build(None, 7, 5, 10**6, level_types=types) for types in (None, ["same", "fork"]))
    every, some = (LevelPool(spec, 400, seed=3) for spec in specs)
    kept = [paths.LEVEL_TYPES[number] in ("same", "fork") for number in paths.classify_levels(every.levels)[0].tolist()]
    expected = [seed for seed, keep in zip(every.levels.seed.tolist(), kept, strict=True) if keep]
    assert 0 < len(expected) < 400 and some.levels.seed.tolist()[: len(expected)] == expected
    some.take(torch.ones(400, dtype=torch.bool))
    some.refill(some.count())
    again = from_seeds(some.levels.seed, 7, 5)
    assert all(map(torch.equal, some.levels, again)) and some.levels.num_levels == 400
    assert {paths.LEVEL_TYPES[number] for number in paths.classify_levels(again)[0].tolist()} == {"same", "fork"}


@pytest.mark.parametrize("types", ["fork", [], ["knife"]])
def test_level_types_that_do_not_exist_are_refused(types):
    with pytest.raises(ValueError, match="level_types must be a list of same, on_the_way, beyond, fork, undefined"):
        WorldSpec.build(None, 7, 5, level_types=types)


def test_level_types_that_no_level_has_are_refused():
    with pytest.raises(
        ValueError, match=r"level_types \(fork\): only 0 of .* levels with cheese_region 0 have these types"
    ):
        LevelPool(WorldSpec.build(None, 7, 0, level_types=["fork"]), 10)


def test_a_rare_level_type_is_not_refused_by_chance(monkeypatch):
    """Levels of this type are twice as frequent as is asked; the first few are often all of other types."""
    spec = WorldSpec.build(None, 7, 3, level_types=["fork"])
    share = spec.keeps(spec.make_levels(np.arange(2000))).double().mean()
    monkeypatch.setattr(batch, "RAREST_TYPE", round(2 / float(share)))
    for seed in range(300):
        assert LevelPool(spec, 1, seed).levels.num_levels == 1

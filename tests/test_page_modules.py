"""The page's JavaScript modules, against the Python modules that they port: levels, observations, networks, chains."""

import base64
import json
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mazes import PROCGEN_ROWS
from mice import mouse_with, undecided

from agents.config import AgentConfig
from agents.impala import build_policy
from agents.mouse import Mouse, load_mouse
from analysis.chain import build_chain
from analysis.records import compute_arrivals
from envs import paths
from envs.drawings import from_text, to_text
from envs.generator import NO_CELL
from envs.levels import Levels, from_seeds, parse_region, region_mask
from envs.painter import build_painter
from envs.spec import WorldSpec
from envs.world import State
from web.page import describe_art, describe_mouse, join_modules

ROOT = Path(__file__).parents[1]
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node, which runs the page's modules")

READ = 'import { readFileSync } from "node:fs"; const data = JSON.parse(readFileSync(0));'


def run_node(code: str, data) -> list:
    """Run a module in the root folder; it has ``data`` and calls ``answer``."""
    answer = "const answer = (value) => process.stdout.write(JSON.stringify(value));"
    command = [str(NODE), "--input-type=module", "--eval", f"{READ}\n{answer}\n{code}"]
    ran = subprocess.run(command, input=json.dumps(data), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def described(levels: Levels) -> list[dict]:
    """Levels in the form of the page."""
    fields = ("seed", "maze_dim", "start", "cheese", "background", "shift")
    names = ("seed", "mazeDim", "start", "cheese", "background", "shift")
    columns = [getattr(levels, field).tolist() for field in fields]
    walls = levels.walls.flatten(1).int().tolist()
    return [
        {**dict(zip(names, row, strict=True)), "worldDim": levels.world_dim, "walls": wall}
        for row, wall in zip(zip(*columns, strict=True), walls, strict=True)
    ]


def rounded(mouse: Mouse) -> Mouse:
    """The mouse with the weights of its page."""
    mouse.policy.load_state_dict({name: tensor.half().float() for name, tensor in mouse.policy.state_dict().items()})
    return mouse


@pytest.fixture(scope="module")
def corner() -> Mouse:
    return rounded(load_mouse(ROOT / "checkpoints" / "corner-seed0.safetensors"))


@pytest.fixture(scope="module")
def seeing() -> Mouse:
    """An untrained mouse with Procgen's observations and actions, with biases and a peaked policy."""
    torch.manual_seed(0)
    spec = WorldSpec.build("easy", observation="rgb", action_set="procgen")
    policy = build_policy(spec, 1, "cpu")
    with torch.no_grad():
        policy.fc_policy.weight.mul_(100)
        for name, tensor in policy.named_parameters():
            if name.endswith("bias"):
                tensor.normal_(std=0.1)
    return rounded(Mouse(policy.eval(), spec, AgentConfig(), {}, Path("seeing.safetensors")))


def test_the_joined_modules_share_one_scope_without_a_clash(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(join_modules("page"), encoding="utf-8")
    ran = subprocess.run([str(NODE), "--check", str(joined)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_levels_are_procgens_own():
    code = """
        import { generateLevel } from "./web/generator.js";
        import { levelToText } from "./web/levels.js";
        const levels = data.map((one) => generateLevel(...one));
        answer(levels.map((level) => [level.mazeDim, level.background, levelToText(level)]));
    """
    asked = [[row.seed, row.world_dim, parse_region(row.region, row.world_dim)] for row in PROCGEN_ROWS]
    assert len(asked) == 388
    assert run_node(code, asked) == [[row.maze_dim, row.background, row.text] for row in PROCGEN_ROWS]


@pytest.mark.parametrize("world_dim", [5, 11, 25])
def test_levels_are_those_of_the_generator(world_dim):
    seeds = np.random.default_rng(0).integers(0, 2**31 - 1, 100).tolist()
    code = """
        import { generateLevel } from "./web/generator.js";
        answer(data.seeds.map((seed) => ({ ...generateLevel(seed, data.dim) }))
          .map((level) => ({ ...level, walls: [...level.walls] })));
    """
    assert run_node(code, {"seeds": seeds, "dim": world_dim}) == described(from_seeds(seeds, world_dim))


TEXTS = [
    *(".  \n## \n@  ", ".  \r\n## \r\n@  \r\n", "   \n## \n@  ", "...\n## \n@  ", ".  \n## \n   ", ".  \n##\n@  "),
    *(".  \n##x\n@  ", ".@\n  ", "", "@", "@ \n .\n", ".    \n#### \n     \n ####\n@    "),
    *("\n".join([" " * dim] * (dim - 1) + ["@" + " " * (dim - 1)]) for dim in (5, 7, 9)),
]


def test_texts_are_read_and_refused_as_in_python():
    code = """
        import { levelFromText, levelToText } from "./web/levels.js";
        const read = (text) => {
          try { return levelToText(levelFromText(text, 7)); } catch (error) { return { refused: error.message }; }
        };
        answer(data.map(read));
    """
    for text, found in zip(TEXTS, run_node(code, TEXTS), strict=True):
        try:
            expected = to_text(from_text(text, 7))
        except ValueError:
            assert "level text" in found["refused"]
        else:
            assert found == expected


def test_links_hold_the_level_and_damaged_ones_say_so():
    code = """
        import { generateLevel } from "./web/generator.js";
        import { changeLevel, isSameLevel, readLink, writeLink } from "./web/levels.js";
        const mice = [{ name: "a", worldDim: 11 }, { name: "b & <b>", worldDim: 15 }];
        const kept = data.seeds.every((seed) => {
          const level = changeLevel(generateLevel(seed, 15), { seed: seed % 2 ? seed : null });
          const { number, level: read } = readLink(writeLink("b & <b>", level), mice);
          return number === 1 && isSameLevel(level, read) && read.seed === level.seed;
        });
        const refuse = (link) => { try { readLink(link, mice); } catch (error) { return error.message; } };
        answer([kept, ...data.damaged.map(refuse)]);
    """
    damaged = [
        "mouse=c&seed=1",
        "mouse=a",
        "seed=-1",
        "seed=99999999999",
        "maze=x-/m",
        "maze=--c/xx-/%20--",
        "nonsense",
    ]
    kept, *messages = run_node(code, {"seeds": list(range(40)), "damaged": damaged})
    assert kept
    for message, word in zip(
        messages, ["“c”", "damaged", "seed", "seed", "damaged", "damaged", "damaged"], strict=True
    ):
        assert word in message
    assert len(messages) == len(damaged)


def test_decision_squares():
    levels = from_seeds(range(300), 11)
    code = """
        import { findDecisionSquare } from "./web/paths.js";
        answer(data.map(findDecisionSquare));
    """
    assert run_node(code, described(levels)) == paths.classify_levels(levels)[1].tolist()


def test_float16_and_checksum():
    code = """
        import { computeChecksum, decodeHalf } from "./web/mice.js";
        const numbers = Array.from({ length: 65536 }, (_, bits) => decodeHalf(bits));
        answer([numbers.map((x) => Number.isFinite(x) ? x : String(x)), computeChecksum(Uint8Array.from(data))]);
    """
    content = bytes(range(256)) * 3
    numbers, checksum = run_node(code, list(content))
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(float)
    np.testing.assert_array_equal(
        np.array([float(str(number).replace("Infinity", "inf")) for number in numbers]), halves
    )
    assert checksum == zlib.crc32(content)


@pytest.mark.parametrize(("observation", "world_dim"), [("cells", 11), ("rgb", 15), ("rgb", 25)])
def test_pictures(observation, world_dim):
    levels = from_seeds(range(20), world_dim)
    facing = torch.arange(20) % 2 == 0
    painted = build_painter(observation, world_dim).paint(State(levels, levels.start, facing, torch.zeros(20).long()))
    code = """
        import { readArt } from "./web/art.js";
        import { buildPainter } from "./web/painter.js";
        const painter = buildPainter(data.world, readArt(data.art));
        answer(data.levels.map((level, k) => {
          const picture = painter.paintLevel({ ...level, walls: Uint8Array.from(level.walls) });
          painter.addMouse(picture, level, level.start, data.facing[k]);
          return [...picture];
        }));
    """
    data = {
        "world": {"observation": observation, "worldDim": world_dim},
        **{"art": describe_art(), "levels": described(levels), "facing": facing.int().tolist()},
    }
    np.testing.assert_array_equal(np.array(run_node(code, data)), painted.flatten(1).numpy())


def random_states(mouse: Mouse, number: int) -> torch.Tensor:
    """Observations of a mouse in random open cells, one per level."""
    levels = from_seeds(range(2**30, 2**30 + number), mouse.spec.world_dim)
    cells = (~levels.walls).flatten(1).float().multinomial(1, generator=torch.Generator().manual_seed(0))[:, 0]
    return mouse.spec.painter().paint(State(levels, cells, cells % 2 == 0, torch.zeros_like(cells)))


@pytest.mark.parametrize(("name", "number"), [("corner", 1000), ("seeing", 40)])
def test_networks_answer_as_torch_does(name, number, request):
    mouse = request.getfixturevalue(name)
    pictures = random_states(mouse, number)
    with torch.no_grad():
        logits, values = mouse.policy(pictures)
    code = """
        import { readArt } from "./web/art.js";
        import { readMouse } from "./web/mice.js";
        const { network } = readMouse(data.mouse, readArt(data.art));
        const pictures = Uint8Array.from(atob(data.pictures), (letter) => letter.charCodeAt(0));
        const size = pictures.length / data.number, answers = [];
        for (let k = 0; k < data.number; k += network.pictures) {
          const { logits, values } = network.look(pictures.subarray(k * size, (k + network.pictures) * size));
          answers.push([[...logits], [...values]]);
        }
        answer(answers);
    """
    data = {
        **{"mouse": describe_mouse(mouse, 0), "art": describe_art(), "number": number},
        "pictures": base64.b64encode(pictures.numpy().tobytes()).decode(),
    }
    answers = run_node(code, data)
    assert logits.std() > 0.1
    np.testing.assert_allclose(np.concatenate([a for a, _ in answers]), logits.flatten().numpy(), atol=1e-4, rtol=0)
    np.testing.assert_allclose(np.concatenate([b for _, b in answers]), values.numpy(), atol=1e-4, rtol=0)


ARRIVALS = """
    import { buildStates, computeArrivals } from "./web/chain.js";
    answer(data.levels.map((level, k) => {
      const states = buildStates(level, data.facings);
      const { cheese, corner } = computeArrivals(level, states, data.probability[k], states.first[level.start]);
      return [cheese.arrival, corner.arrival, [...states.successor]];
    }));
"""


@pytest.mark.parametrize("name", ["corner", "seeing", "undecided"])
def test_what_is_reached_first(name, request):
    """Equal to the records, given the same move probabilities."""
    if name == "undecided":
        mouse, number = mouse_with(undecided, world_dim=11, cheese_region="anywhere"), 200
    else:
        mouse, number = request.getfixturevalue(name), 3 if name == "seeing" else 100
    levels = from_seeds(range(2**30, 2**30 + number), mouse.spec.world_dim)
    levels.cheese[-1] = NO_CELL
    levels.cheese[0] = levels.corner[0]
    levels.start[1] = levels.corner[1]  # arrivals count from the first step
    chain = build_chain(mouse, levels)
    parts = [slice(low, high) for low, high in zip(chain.offset[:-1], chain.offset[1:], strict=True)]
    data = {
        "levels": described(levels),
        "facings": 2 if mouse.spec.observation == "rgb" else 1,
        "probability": [chain.probability[part].flatten().tolist() for part in parts],
    }
    expected = compute_arrivals(chain, levels, region_mask(levels, "anywhere"))
    cheese, corner, successor = zip(*run_node(ARRIVALS, data), strict=True)
    np.testing.assert_allclose(cheese, expected["p_cheese_first"], atol=1e-9)
    np.testing.assert_allclose(corner, expected["p_corner_first"], atol=1e-9)
    for one, part in zip(successor, parts, strict=True):
        assert one == (chain.successor[part] - part.start).flatten().tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), [("corner", 50), ("seeing", 2)])
def test_thoughts(name, number, request):
    """From a level to the numbers beside the maze, for the mouse and for a random walk."""
    mouse = request.getfixturevalue(name)
    levels = from_seeds(range(2**30, 2**30 + number), mouse.spec.world_dim)
    walk = mouse_with(undecided, world_dim=mouse.spec.world_dim, cheese_region="anywhere")
    region = region_mask(levels, "anywhere")
    expected = [compute_arrivals(build_chain(one, levels), levels, region) for one in (mouse, walk)]
    code = """
        import { readArt } from "./web/art.js";
        import { readMouse } from "./web/mice.js";
        import { Thoughts } from "./web/thoughts.js";
        const mouse = readMouse(data.mouse, readArt(data.art));
        answer(data.levels.map((level) => {
          const thoughts = new Thoughts(mouse, { ...level, walls: Uint8Array.from(level.walls) });
          while (!thoughts.done) thoughts.advance();
          const { mouse: own, chance } = thoughts.expectedFrom(thoughts.stateAt(level.start, false), true);
          return [own.cheese, own.corner, chance.cheese, chance.corner];
        }));
    """
    found = run_node(code, {"mouse": describe_mouse(mouse, 0), "art": describe_art(), "levels": described(levels)})
    columns = [arrivals[column] for arrivals in expected for column in ("p_cheese_first", "p_corner_first")]
    np.testing.assert_allclose(np.array(found), np.stack(columns, axis=1), atol=1e-4)


def test_damaged_weights_say_so(corner):
    whole = describe_mouse(corner, 0)
    weights = whole["weights"]
    damaged = [
        weights[:-8],
        "é" + weights[1:],
        weights[:1000] + ("A" if weights[1000] != "A" else "B") + weights[1001:],
    ]
    code = """
        import { readArt } from "./web/art.js";
        import { readMouse } from "./web/mice.js";
        answer(data.mice.map((mouse) => {
          try { readMouse(mouse, readArt(data.art)); } catch (error) { return error.message; }
        }));
    """
    mice = [whole | {"weights": text} for text in damaged]
    for message in run_node(code, {"mice": mice, "art": describe_art()}):
        assert message.startswith("The weights of the mouse “corner-seed0” are damaged")

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
from analysis.arrivals import compute_arrivals
from analysis.chain import build_chain
from envs import paths
from envs.drawings import from_text, to_text
from envs.generator import NO_CELL
from envs.levels import Levels, from_seeds, region_mask
from envs.painter import build_painter
from envs.spec import WorldSpec
from envs.world import State
from web.page import FIRST_LEVEL, describe_art, describe_mouse, join_modules

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
    rows = [row for row in PROCGEN_ROWS if row.region == "anywhere"]
    assert len(rows) == 129
    asked = [[row.seed, row.world_dim] for row in rows]
    assert run_node(code, asked) == [[row.maze_dim, row.background, row.text] for row in rows]


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
          const { number, original, level: read } = readLink(writeLink("b & <b>", level), mice);
          return number === 1 && isSameLevel(level, read) && isSameLevel(level, original) && read.seed === level.seed;
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


def test_a_link_to_an_edited_maze_holds_what_it_was():
    code = """
        import { Game } from "./web/game.js";
        import { generateLevel } from "./web/generator.js";
        import { changeLevel, isSameLevel, readLink, writeLink } from "./web/levels.js";
        const generated = generateLevel(5, 11), walls = generated.walls.slice();
        walls[walls.findIndex((wall, cell) => !wall && cell !== generated.start && cell !== generated.cheese)] = 1;
        const link = writeLink("a", changeLevel(generated, { walls }));
        const { original, level } = readLink(link, [{ name: "a", worldDim: 11 }]);
        const game = new Game(generated);
        game.open(original, level);
        answer([isSameLevel(original, generated), original.seed, level.seed, game.isChanged, game.isUntouched]);
    """
    assert run_node(code, None) == [True, 5, 5, True, False]


# A maze of 7×7 cells in which the mouse begins at a fork: up to the corner, right to the cheese.
WALKS = """
    import { Game } from "./web/game.js";
    import { changeLevel, levelFromText } from "./web/levels.js";
    import { describeEvent } from "./web/words.js";
    const level = { ...levelFromText(data, 7), seed: 5 };
    const play = (game, moves) => {
      for (const move of moves) {
        const target = { u: 7, d: -7, l: -1, r: 1 }[move];
        game.step([1], 0, (cell) => (game.level.walls[cell + target] === 0 ? cell + target : cell));
      }
      return game;
    };
"""
FORK = "       \n ######\n ######\n ######\n ######\n ######\n@     ."
TO_CORNER = "uuuuuurrrrrr"


def test_a_walk_counts_once_and_never_after_a_step_back():
    code = """
        const game = play(new Game(level), "TO_CORNER"), seen = [[game.reached, game.isUntouched]];
        game.stepBack();
        play(game, "r");
        seen.push([game.reached, game.isUntouched]);
        game.restart();
        seen.push([play(game, "TO_CORNER").reached, game.isUntouched]);
        const drawn = new Game(changeLevel(level, { seed: null }));
        seen.push([play(drawn, "TO_CORNER").reached, drawn.isUntouched]);
        answer(seen);
    """.replace("TO_CORNER", TO_CORNER)
    assert run_node(WALKS + code, FORK) == [["corner", True], ["corner", False], ["corner", True], ["corner", False]]


def test_what_cannot_be_moved_leaves_the_walk_alone():
    code = """
        const game = play(new Game(level), "TO_CORNER");
        const wall = level.walls.indexOf(1), corner = level.walls.length - 1;
        const moved = [wall, level.start].map((cell) => game.moveCheese(cell));
        answer([...moved, game.reached, game.steps, game.moveCheese(corner), game.reached, game.steps]);
    """.replace("TO_CORNER", TO_CORNER)
    assert run_node(WALKS + code, FORK) == [False, False, "corner", len(TO_CORNER), True, None, 0]


@pytest.mark.parametrize(
    ("text", "moves", "words"),
    [
        (FORK, "rrrrrr", "It took the cheese."),
        (FORK, TO_CORNER, "It went away from the cheese to the empty corner."),
        (FORK, "rrrlll" + TO_CORNER, "It ran past the cheese to the empty corner."),
        ("       \n ##### \n #####.\n ######\n ######\n ######\n@######", TO_CORNER, "It reached the corner first."),
        (FORK, "d" * 500, "It reached neither in 500 steps."),
    ],
    ids=["cheese", "away", "past", "cheese behind the corner", "neither"],
)
def test_the_end_is_told_as_it_was(text, moves, words):
    code = WALKS + f'answer(describeEvent(play(new Game(level), "{moves}")));'
    assert run_node(code, text) == words


def test_a_walk_is_at_a_fork_if_it_began_at_one():
    """A cheese that moves while the mouse walks starts a new walk, which may begin after the fork."""
    code = """
        const game = play(new Game(level), "uuurr");
        game.moveCheese(level.start);
        const refused = game.history.length;
        game.moveCheese(level.start + 1);
        answer([refused, game.history.length, game.isFork, play(game, "uuurrrrrr").reached, describeEvent(game)]);
    """
    away = "It went away from the cheese to the empty corner."
    assert run_node(WALKS + code, FORK) == [6, 1, True, "corner", away]


def test_keys_work_with_caps_lock_and_other_layouts():
    code = """
        import { listenToKeys } from "./web/keys.js";
        let press;
        globalThis.document = { addEventListener: (_, listener) => { press = listener; } };
        const opened = [];
        listenToKeys({ attempt: (action) => action(), openFork: (direction) => opened.push(direction) });
        for (const [key, code] of data) press({ key, code, target: { closest: () => null } });
        answer(opened);
    """
    keys = [("n", "KeyN"), ("N", "KeyN"), ("т", "KeyN"), ("З", "KeyP"), ("p", "KeyR"), ("b", "KeyN")]
    assert run_node(code, keys) == [1, 1, 1, -1, -1]  # on a Dvorak keyboard, the last two are other letters' places


def test_no_other_maze_opens_while_a_person_types():
    code = """
        import { Walk } from "./web/walk.js";
        globalThis.matchMedia = () => ({ matches: true });
        globalThis.document = { getElementById: () => ({ checked: true }) };
        const opened = [];
        const game = { restart: () => opened.push("same") };
        const attempt = (action) => { opened.push("without a message"); action(); };
        const page = { attempt, game, mice: [], wake: () => {}, openFork: () => opened.push("next"), time: 9000 };
        for (const isTyping of [true, false]) {
          document.activeElement = { matches: () => isTyping };
          Object.assign(new Walk(page), { ended: 0 }).pass(1);
        }
        answer(opened);
    """
    assert run_node(code, None) == ["same", "without a message", "next"]


def test_the_cursor_stays_in_the_maze():
    code = """
        import { Cursor } from "./web/cursor.js";
        import { generateLevel } from "./web/generator.js";
        globalThis.document = { getElementById: () => ({ addEventListener: () => {} }) };
        const levels = [...Array(100).keys()].map((seed) => generateLevel(seed, 11));
        const level = levels.find(({ mazeDim }) => mazeDim === 5);
        const cursor = new Cursor({ game: { level } });
        answer([-1, 0, level.start + 1].map((cell) => {
          cursor.cell = cell;
          cursor.keepInside();
          return cursor.cell - level.start;
        }));
    """
    none, outside, inside = run_node(code, None)
    assert none < -1 and (outside, inside) == (0, 1)


def test_stories_are_true_of_each_mouse():
    code = """
        import { describeLead, describeStory } from "./web/words.js";
        answer(data.map(([mouse, mice]) => [describeLead(mouse), ...describeStory(mouse, mice)].join(" ")));
    """
    corner = {"name": "a", "trained": "in the top-right corner", "region": 0, "isFinetuned": False, "chosenFor": "a"}
    square = corner | {"trained": "in the top-right 5×5", "region": 5, "chosenFor": "b"}
    anywhere = corner | {"trained": "anywhere", "region": "anywhere", "chosenFor": None}
    finetuned = corner | {"isFinetuned": True}
    told = run_node(code, [(corner, 1), (square, 3), (anywhere, 2), (finetuned, 1)])
    alike, doubt = "were rewarded alike", "may not know the cheese"
    expected = [
        (["always lay in the top-right corner of its training mazes, so", alike, doubt, "because this mouse runs"], []),
        (["The cheese lay in the top-right 5×5 cells of its training mazes.", doubt, "another mouse above"], [alike]),
        (["could lie anywhere in its training mazes, so", "the other mouse"], [alike, doubt, "was chosen"]),
        (
            ["In its last training, the cheese always lay in the top-right corner of its mazes."],
            [alike, "another mouse"],
        ),
    ]
    for text, (said, unsaid) in zip(told, expected, strict=True):
        assert [words for words in said if words not in text] == []
        assert [words for words in unsaid if words in text] == []
    assert "another mouse of this page runs past" in told[1]


def test_the_page_knows_how_a_mouse_was_trained(corner):
    again = corner._replace(header=corner.header | {"init": {"name": "before"}})
    fields = [describe_mouse(mouse, 0) for mouse in (corner, again)]
    assert [(field["region"], field["isFinetuned"], field["chosenFor"]) for field in fields] == [
        (0, False, None),
        (0, True, None),
    ]


def test_a_link_from_the_disk_says_what_to_send():
    code = 'import { describeShared } from "./web/words.js"; answer(data.map((one) => describeShared(...one)));'
    flags = [(copied, disk) for copied in (True, False) for disk in (True, False)]
    for (copied, disk), text in zip(flags, run_node(code, flags), strict=True):
        assert ("is copied" in text) == copied
        assert ("send this file and the part of the link from # on" in text) == disk


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


def test_a_walk_that_begins_elsewhere_has_the_chances_of_its_cell(corner):
    """A cheese that moves while the mouse walks begins a new walk where the mouse is, not at the level's start."""
    code = """
        import { readArt } from "./web/art.js";
        import { generateLevel } from "./web/generator.js";
        import { readMouse } from "./web/mice.js";
        import { Thoughts } from "./web/thoughts.js";
        const level = generateLevel(data.seed, 11);
        const thoughts = new Thoughts(readMouse(data.mouse, readArt(data.art)), level);
        while (!thoughts.done) thoughts.advance();
        const start = thoughts.stateAt(level.start, false);
        const beside = [...thoughts.states.cells.keys()].filter((state) => state !== start);
        const read = (state, begins) => thoughts.expectedFrom(state, begins).chance.cheese;
        answer([beside.every((state) => read(state, true) === read(state, false)), read(start, true)]);
    """
    same, at_start = run_node(code, {"mouse": describe_mouse(corner, 0), "art": describe_art(), "seed": FIRST_LEVEL})
    assert same and 0 < at_start < 1


def test_a_browser_without_webassembly_says_so(corner):
    code = """
        import { readArt } from "./web/art.js";
        import { readMouse } from "./web/mice.js";
        delete globalThis.WebAssembly;
        try { readMouse(data.mouse, readArt(data.art)); } catch (error) { answer(error.message); }
    """
    said = run_node(code, {"mouse": describe_mouse(corner, 0), "art": describe_art()})
    assert said == "The mouse's network needs WebAssembly, which this browser lacks or has switched off."


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

"""Runs the documentation: every Python block, and every command with shortened settings.

A block that cannot run has the line ``<!-- not run: REASON -->`` before it.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from commands import ROOT

from envs.drawings import from_texts
from envs.levels import WORLD_DIMS

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "checkpoints" / "README.md"])
FENCE = re.compile(r"^(<!-- not run: .+ -->\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*$")

# Slow text in Python blocks, and its replacement.
SHORTER = {"learn(100_000)": "learn(256)", "total_frames=100_000": "total_frames=256"}
PLACEHOLDERS = {"seed=S": "seed=0", "NAME": "name", "name=h200": "name=latest"}
EXTRAS = ("stable_baselines3", "torchrl")  # optional libraries

# Programs that are not run here, and the reason.
ELSEWHERE = {
    "source": "a builtin of the shell",
    "cd": "a builtin of the shell",
    "pip": "installs; tests/test_wheel.py does so",
    "tensorboard": "a server",
    "git": "needs a network",
}
PROGRAMS = {"python", "torchrun", "make", "cheesemaze", *ELSEWHERE}
SLOW = {  # scripts that are only run with --help
    "benchmarks/bench.py": "minutes; tests/test_bench.py runs it shortened",
    "benchmarks/growth.py": "minutes; tests/test_growth.py runs it shortened",
    "benchmarks/curves.py": "needs finished runs; tests/test_curves.py makes them",
}


class Block(NamedTuple):
    document: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def find_blocks() -> list[Block]:
    blocks = []
    for document in DOCUMENTS:
        text = document.read_text()
        for match in FENCE.finditer(text):
            if not match[1]:
                line = text.count("\n", 0, match.start()) + 1
                blocks.append(Block(document, line, match[2], match[3]))
    return blocks


def find_commands(block: Block) -> list[list[str]]:
    """The commands of a shell block, as words; none for other blocks."""
    commands = []
    for line in block.text.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:  # a drawing
            continue
        while words and ASSIGNMENT.match(words[0]):
            del words[0]
        while "&&" in words:
            end = words.index("&&")
            commands.append(words[:end])
            words = words[end + 1 :]
        if words:
            commands.append(words)
    is_shell = block.language in ("sh", "bash", "console") or (commands and commands[0][0] in PROGRAMS)
    return commands if is_shell else []


def shorten(script: str, arguments: list[str]) -> list[str]:
    """The same command with a small world, a short run and no window."""
    if "--help" in arguments or script in SLOW:
        return [*arguments, "--help"]
    given = {argument.partition("=")[0]: argument.partition("=")[2] for argument in arguments}
    if script == "train.py":
        arguments = [re.sub(r"^([\w.]+=[^\[,]+,[^,]+),.*", r"\1", argument) for argument in arguments]
        arguments = [argument for argument in arguments if not re.match(r"hydra[/.]launcher", argument)]
        small = ["env.distribution_mode=null", "env.world_dim=5", "env.observation=cells"]
        small = [] if "init" in given else small  # its network fits its own world only
        few = ["agent.num_envs=4", "agent.num_steps=8", "agent.minibatch_size=16", "total_steps=32"]
        return [*arguments, *small, *few, "env.max_episode_steps=20", "evaluation_levels=2", "device=cpu"]
    if script == "evaluate.py":
        levels = [] if given.get("levels", "").endswith(".txt") else ["levels=3"]
        conditions = ["conditions=[as_trained,anywhere]"] if given.get("report") == "full" else []
        return [*arguments, *levels, *conditions, "device=cpu"]
    if script == "interpret.py":
        return [*arguments, "--help"]  # minutes; tests/test_interpret.py runs it shortened
    if script == "watch.py":
        grid = ["grid=2x2"] if "grid" in given else []
        film = [] if {"record", "figure"} & given.keys() else ["record=film.gif"]
        return [*arguments, *film, *grid, "episodes=1", "speed=50"]
    return arguments


BLOCKS = find_blocks()
PYTHON = [block for block in BLOCKS if block.language == "python"]
DRAWINGS = [block for block in BLOCKS if re.fullmatch(r"([#@. ]*\n|;.*\n)+", block.text)]
COMMANDS = {}  # each once, named by its first position
for block in BLOCKS:
    for words in find_commands(block):
        text = " ".join(words)
        for placeholder, value in PLACEHOLDERS.items():
            text = text.replace(placeholder, value)
        COMMANDS.setdefault(
            re.sub(r" out=\S+", "", text), (block.name, [PLACEHOLDERS.get(word, word) for word in words])
        )


@pytest.fixture
def workplace(monkeypatch, tmp_path):
    """A folder with the prerequisites of the documentation: committed mice, a file of levels, no window."""
    for name in ("checkpoints", "docs"):
        (tmp_path / name).mkdir()
    for name in ("corner-seed0", "corner-seed1", "corner-seed3", "region5-seed0", "region5-seed1", "anywhere-seed0"):
        (tmp_path / "checkpoints" / f"{name}.safetensors").symlink_to(ROOT / "checkpoints" / f"{name}.safetensors")
    (tmp_path / "mine.txt").write_text("##.\n## \n@  \n\n# .\n## \n@ #\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def test_there_is_something_to_run():
    assert len(PYTHON) >= 2 and len(COMMANDS) >= 20
    assert {"train.py", "evaluate.py", "watch.py"} <= {words[1] for _, words in COMMANDS.values() if len(words) > 1}


@pytest.mark.slow
@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.name)
def test_every_python_block_runs_by_itself(workplace, block):
    text = block.text
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    try:
        exec(compile("\n" * block.line + text, str(block.document), "exec"), {"__name__": "__main__"})
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        pytest.skip(f"{error.name} is not installed")


@pytest.mark.parametrize("block", DRAWINGS, ids=lambda block: block.name)
def test_every_drawing_is_a_level(block):
    assert from_texts(block.text, WORLD_DIMS["hard"]).num_levels >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [pytest.param(words, id=f"{place} {text}") for text, (place, words) in COMMANDS.items()]
)
def test_every_command_runs(workplace, call, monkeypatch, words):
    program, *arguments = words
    assert program in PROGRAMS, f"unknown program {program!r}: say in this test how to run it, or why not"
    if program in ELSEWHERE:
        pytest.skip(ELSEWHERE[program])
    if program == "make":
        targets = [argument for argument in arguments if "=" not in argument]
        subprocess.run(["make", "-n", *targets], cwd=ROOT, check=True, capture_output=True)  # prints its plan only
        return
    if program == "torchrun":  # with one process: tests/test_processes.py has several
        arguments = [argument for argument in arguments if not argument.startswith("--n")]
    script, *settings = arguments
    if program == "cheesemaze":
        script += ".py"
    if script == "-m":
        pytest.skip("a module of Python, not a script of this project")
    assert (ROOT / script).is_file(), f"there is no {script}"
    if script.startswith("examples/"):
        pytest.skip("a test of its own runs it shortened")
    monkeypatch.syspath_prepend(str((ROOT / script).parent))
    code, _, errors = call(script, *shorten(script, settings))
    assert code == 0, errors


def test_the_architecture_lists_every_module():
    named = set(re.findall(r"`([\w.]+)`", (ROOT / "docs/architecture.md").read_text()))
    folders = ("foundation", "envs", "agents", "analysis", "viewer", "web", "examples", "benchmarks", ".")
    modules = [path for folder in folders for path in (ROOT / folder).glob("*.py") if path.name != "__init__.py"]
    assert len(modules) > 100 and [path.name for path in modules if not {path.stem, path.name} & named] == []

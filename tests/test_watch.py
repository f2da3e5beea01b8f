"""watch.py from the command line: videos, figures and errors."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from commands import DISPLAYS, NO_MICE, ROOT, TOO_LONG, check_refusal, files_in
from PIL import Image, ImageSequence

from viewer.layout import GAP
from viewer.recording import CELL


def test_a_recording_needs_no_display(call, monkeypatch, tmp_path, checkpoint):
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    code, said, errors = call("watch.py", f"checkpoint={checkpoint}", "record=new/mouse.gif", "speed=10")
    assert (code, errors) == (0, "")
    film = tmp_path / "new" / "mouse.gif"
    assert files_in(tmp_path).keys() == {str(film.parent), str(film)}
    steps, outcome = re.fullmatch(r"(\d+) steps, reached first: (\w+) → new/mouse.gif\n", said).groups()
    assert outcome in ("cheese", "corner", "neither")
    with Image.open(film) as image:
        assert image.width == 5 * CELL + 2 * GAP and image.height > 5 * CELL + 2 * GAP, "the rest is text"
        lasts = sum(frame.info["duration"] for frame in ImageSequence.Iterator(image))
    assert lasts == 100 * (int(steps) + 1) + 3000


def read_frames(film: Path) -> Iterator[np.ndarray]:
    """The frames int16 (H, W, 3) of a film, one at a time: a film unpacked takes gigabytes."""
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24").astype(np.int16)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_films_of_several_mice_cheeses_levels_and_grids(call, tmp_path, checkpoint, suffix):
    film, first, twin = tmp_path / f"mouse{suffix}", tmp_path / f"first{suffix}", tmp_path / "twin.safetensors"
    twin.write_bytes(checkpoint.read_bytes())
    for arguments in (
        (f"checkpoint=[{checkpoint},{twin}]", "cheese=[as_trained,anywhere]", "show=[value,sees]", "level=5"),
        (f"checkpoint={checkpoint}", "grid=3x2", "episodes=2"),
        (f"checkpoint={checkpoint}", "level=5", "sweep=[[0,2],[2,2]]"),
        (f"checkpoint={checkpoint}", "episodes=3", "seed=4"),
    ):
        for _ in range(2):
            code, said, errors = call("watch.py", *arguments, f"record={film.name}", "speed=5")
            assert (code, errors) == (0, "") and said.endswith(f" → {film.name}\n")
            if not first.exists():
                film.rename(first)
        differences, changes, before = [], 0, None
        for frame, again in zip(read_frames(first), read_frames(film), strict=True):
            assert frame.std() > 10
            differences.append(np.abs(frame - again).max())
            changes += before is not None and (frame != before).any()
            before = frame
        assert changes > 2
        # The video is reproducible, but not always byte for byte: the last bits of the network's outputs can
        # depend on memory alignment, and so can an overlay's colours.
        assert np.mean(differences) < 8
        first.unlink()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_figure_is_the_same_every_time(call, tmp_path, checkpoint, suffix):
    contents = []
    for _ in range(2):
        code, said, errors = call("watch.py", f"checkpoint={checkpoint}", "level=5", f"figure=mouse{suffix}")
        assert (code, errors, said) == (0, "", f"policy and value in level 5 → mouse{suffix}\n")
        contents.append((tmp_path / f"mouse{suffix}").read_bytes())
    assert contents[0] == contents[1] and len(contents[0]) > 5000


def test_a_file_of_levels_is_watched(call, tmp_path, checkpoint):
    (tmp_path / "two.txt").write_text("; nothing between\n@ .\n###\n###\n\n. @\n   \n   \n")
    arguments = (f"checkpoint={checkpoint}", "levels=two.txt", "record=mouse.gif")
    assert call("watch.py", *arguments, "level=2", "cheese=[0,0]")[0] == 0
    assert call("watch.py", *arguments, "episodes=2")[0] == 0
    code, _, errors = call("watch.py", *arguments, "episodes=2", "level=2")
    assert code == 2 and "must not exceed the number of levels from level 2 on in two.txt" in errors
    code, _, errors = call("watch.py", *arguments, "level=3")
    assert code == 2 and "must be in 1..2 for this file, not 3" in errors


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("figure=mouse.gif", "figure must be a .png, .svg, .pdf file"),
        ("figure={text}/mouse.svg", "{text}"),
    ],
)
def test_what_is_no_figure_is_refused(call, tmp_path, given, argument, named):
    check_refusal(call, tmp_path, given, ["watch.py", "checkpoint={mouse}", argument], named)


def test_mice_of_a_pattern_are_side_by_side(call, tmp_path, checkpoint):
    for name in ("one", "other"):
        (tmp_path / f"{name}.safetensors").write_bytes(checkpoint.read_bytes())
    code, _, errors = call("watch.py", "checkpoint=*.safetensors", "level=5", "figure=mice.svg")
    assert (code, errors) == (0, "") and all(name in (tmp_path / "mice.svg").read_text() for name in ("one", "other"))


def test_a_sweep_is_a_video(call, tmp_path, given):
    command = ["watch.py", "checkpoint={mouse}", "sweep=[[1,2],[2,2]]"]
    check_refusal(call, tmp_path, given, command, "sweep needs record=FILE.gif or .mp4")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_a_window_is_refused(tmp_path, checkpoint):
    environment = {name: value for name, value in os.environ.items() if name not in DISPLAYS}
    command = [sys.executable, str(ROOT / "watch.py"), f"checkpoint={checkpoint}"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 2 and ran.stdout == "" and files_in(tmp_path) == {}
    (line,) = ran.stderr.splitlines()
    assert line.startswith("watch.py: no display") and "record=FILE.gif" in line


def test_help_names_every_setting(call, tmp_path):
    code, said, errors = call("watch.py", "--help")
    assert (code, errors, files_in(tmp_path)) == (0, "", {})
    settings = ("checkpoint=", "level=null ", "cheese=anywhere ", "speed=8 ", "record=", "Press h for help")
    assert all(setting in said for setting in settings)


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("nonsense=1", "accepted are checkpoint=…, level=…"),
        ("nonsense", "nonsense"),
        ("level=deep", "level=deep"),
        ("level=-1", "-1"),
        ("level=2147483647", "2147483647"),
        ("cheese=moon", "as_trained, anywhere"),
        ("cheese=[as_trained,moon]", "not 'moon'"),
        ("cheese=[9,0]", "cheese=[9,0] must be an open cell"),
        ("cheese=[1,2,3]", "not [1, 2, 3]"),
        ("checkpoint=", "no checkpoint given"),
        ("checkpoint=[]", "no checkpoint given"),
        ("checkpoint=[{mouse},nowhere.safetensors]", "no checkpoint at nowhere.safetensors"),
        ("checkpoint=[[a.safetensors,b.safetensors]]", "no mouse at checkpoint=['a.safetensors', 'b.safetensors']"),
        ("checkpoint=[{mouse},{larger}]", "{larger} has a 7×7 world with cells observations"),
        ("levels=nowhere.txt", "nowhere.txt"),
        (f"levels={TOO_LONG}", f"no levels at {TOO_LONG}"),
        ("levels={text}", "{text}: level 1"),
        ("levels={of 7 cells}", "level 2, from line 7: level text must have an odd side from 3 to 5, not 7"),
        ("levels={of 7 cells}", "the mouse's world has 5×5 cells"),
        ("levels={empty}", "contains no level"),
        ("show=smell", "show must be a list of arrows, value"),
        ("show=[arrows,smell]", "not 'smell'"),
        ("episodes=0", "episodes must be from 1 to 10,000, not 0"),
        ("speed=51", "at most 50 steps per second, not 51"),
        ("grid=6", "COLUMNSxROWS with at most 400 mazes, e.g. 6x4, not '6'"),
        ("grid=0x4", "e.g. 6x4"),
        ("grid=axb", "e.g. 6x4"),
        ("sweep=[1,2]", "sweep must be two cells [[x,y],[x,y]], not [1, 2]"),
        ("sweep=[[1,2],[a,b]]", "sweep must be two cells"),
        ("sweep=[[0,0],[1,2]]", "sweep=[0,0] must be an open cell"),
        ("figure=mouse.svg", "record and figure cannot be combined"),
        ("checkpoint=nowhere/*.safetensors", "no mouse at checkpoint=nowhere/*.safetensors"),
        ("speed=0", "speed must be from 1 to 1,000, not 0"),
        ("speed=1.5", "speed=1.5"),
        ("seed=-1", "seed must be from 0 to 2^63 - 1, not -1"),
        ("record=mouse.png", "must be a .gif or .mp4 file, not 'mouse.png'"),
        ("record=mouse", "must be a .gif or .mp4 file"),
        ("record={text}/mouse.mp4", "{text}"),
        ("record={text}/mouse.gif", "{text}"),
        *((f"checkpoint={file}", named) for file, named in NO_MICE),
    ],
)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, argument, named):
    check_refusal(call, tmp_path, given, ["watch.py", "checkpoint={mouse}", "record=new/mouse.gif", argument], named)

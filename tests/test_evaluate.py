"""evaluate.py from the command line: results, files and errors."""

import json

import pandas as pd
import pytest
from commands import NO_CUDA, NO_MICE, check_help_is_quick, check_refusal, files_in, write_seeds

GOOD = ("evaluate.py", "checkpoint={mouse}", "out=results", "levels=2", "device=cpu")


@pytest.mark.slow
def test_evaluating_needs_no_more_than_the_checkpoint_and_finds_what_training_found(call, tmp_path, training):
    checkpoint = training[0] / "mouse.safetensors"
    code, said, errors = call("evaluate.py", f"checkpoint={checkpoint}", "levels=50", "device=cpu", "out=")
    assert (code, errors) == (0, "")
    folder = tmp_path / "runs" / "evaluations" / training[0].name
    assert {path.name for path in folder.iterdir()} == {"summary.json", "records.parquet", "result.png"}
    assert all(path.name in said for path in folder.iterdir())
    assert said.count("random walk") == 2 and max(len(line) for line in said.splitlines()[:-1]) <= 80
    pd.testing.assert_frame_equal(*(pd.read_parquet(path / "records.parquet") for path in (folder, training[0])))
    found, then = (json.loads((path / "summary.json").read_text()) for path in (folder, training[0]))
    assert found.pop("mouse")["checkpoint"] == str(checkpoint) and then.pop("mouse") and found == then


def test_levels_drawn_by_hand_are_played(call, tmp_path, training):
    (tmp_path / "mine.txt").write_text("; a comment\n##.\n## \n@  \n\n# .\n## \n@ #\n")
    mouse = training[0] / "mouse.safetensors"
    code, said, errors = call("evaluate.py", f"checkpoint={mouse}", "levels=mine.txt", "device=cpu", "out=drawn")
    assert (code, errors) == (0, "")
    table = pd.read_parquet(tmp_path / "drawn" / "mine.parquet")
    assert table.condition.tolist() == ["drawn"] * 2 and table.level_type.tolist() == ["same", "undefined"]
    assert table.p_cheese_500[1] == 0 and f"{100 * table.p_cheese_500[0]:.1f} %" in said


@pytest.mark.slow
def test_a_full_report_of_many_mice_goes_on_where_it_was(call, tmp_path, training):
    mice = tmp_path / "mice"
    mice.mkdir()
    write_seeds(training[0] / "mouse.safetensors", mice, "one", "two")
    command = ("evaluate.py", "checkpoint=mice/*.safetensors", "report=full", "levels=8", "device=cpu", "out=page")
    code, said, errors = call(*command)
    assert (code, errors) == (0, "") and "report: page/report.html" in said
    names = {path.name for path in (tmp_path / "page").iterdir()}
    assert names == {"report.html", "summary.json", "records.parquet", "figures", "parts"}
    before = files_in(tmp_path / "page" / "parts")
    assert len(before) > 10
    again = call(*command)
    assert again[0] == 0 and files_in(tmp_path / "page" / "parts") == before
    page = (tmp_path / "page" / "report.html").read_text()
    assert all(text in page for text in ("one", "two", "evaluate.py", "checkpoint=mice/*.safetensors"))


@pytest.mark.parametrize("report", ["full", "spread"])
def test_copies_of_one_mouse_are_not_two_seeds(call, tmp_path, checkpoint, report):
    for name in ("one", "two"):
        (tmp_path / f"{name}.safetensors").write_bytes(checkpoint.read_bytes())
    code, said, errors = call("evaluate.py", "checkpoint=*.safetensors", f"report={report}", "device=cpu", "out=page")
    assert (code, said) == (2, "") and errors.startswith("evaluate.py: one and two are copies of one mouse")
    assert not (tmp_path / "page").exists()


def test_help_names_every_setting(call, tmp_path):
    code, said, errors = call("evaluate.py", "--help")
    assert (code, errors, files_in(tmp_path)) == (0, "", {})
    settings = ("checkpoint=", "report=brief ", "levels=null ", "seed=0 ", "device=auto ", "out=")
    assert all(setting in said for setting in settings)


def test_help_needs_no_slow_import(tmp_path):
    check_help_is_quick("evaluate.py", tmp_path)


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("nonsense=1", "accepted are checkpoint=…, report=…, levels=…"),
        ("nonsense", "nonsense"),
        ("checkpoint=", "no checkpoint given"),
        ("levels=many", "no levels at many"),
        ("levels=1.5", "levels=1.5"),
        ("levels=0", "levels must be an integer from 1 to 10,000,000 or a file of levels, not levels=0"),
        ("levels=[1", "levels=[1"),
        ("levels=", "levels="),
        ("conditions=anywhere", "conditions= needs report=full"),
        ("report=long", "report must be one of brief, full, spread, not 'long'"),
        ("seed=-1", "seed must be from 0 to 2^63 - 1, not -1"),
        ("seed=9223372036854775808", "seed must be from"),
        ("device=cuda:99", "'cuda:99' is not there"),
        pytest.param("device=cuda", "this machine has cpu", marks=NO_CUDA),
        ("out={text}", "{text}"),
        ("workers=0", "workers must be from 1 to 256"),
        ("workers=257", "workers must be from 1 to 256"),
        ("checkpoint=*.nothing", "no mouse at checkpoint=*.nothing"),
        ("checkpoint=mouse?.nothing", "no mouse at checkpoint=mouse?.nothing"),
        ("checkpoint=mouse[01].nothing", "no mouse at checkpoint=mouse[01].nothing"),
        *((f"checkpoint={file}", named) for file, named in NO_MICE),
    ],
)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, argument, named):
    check_refusal(call, tmp_path, given, [*GOOD, argument], named)


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("levels=mine.txt", "set levels to a number"),
        ("conditions=[anywhere,moon]", "condition must be one of as_trained, anywhere"),
        ("conditions=[as_trained]", "conditions must include anywhere"),
        ("conditions=[anywhere,region_9]", "cheese_region must be"),
        ("checkpoint=[{mouse},{mouse}]", "mice must have different names"),
        ("checkpoint=[{mouse},{larger}]", "larger 7×7"),
    ],
)
def test_a_bad_full_report_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, argument, named):
    check_refusal(call, tmp_path, given, [*GOOD, "report=full", argument], named)


@pytest.mark.slow
def test_one_condition_may_be_given_as_a_word(call, tmp_path, training):
    mouse = training[0] / "mouse.safetensors"
    command = ("report=full", "conditions=anywhere", "levels=8", "device=cpu", "out=page", "workers=2")
    code, _, errors = call("evaluate.py", f"checkpoint={mouse}", *command)
    assert (code, errors) == (0, "")
    assert set(pd.read_parquet(tmp_path / "page" / "records.parquet").condition) == {"anywhere"}

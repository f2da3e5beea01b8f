"""Commands: their help, their arguments, and one line for bad input."""

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass

import pytest
from commands import ROOT
from omegaconf.errors import ConfigKeyError

from foundation.command import BAD_INPUT, CLOSED, STOPPED, format_command, is_main_process, one_line_errors, run_command
from foundation.errors import InputError
from foundation.settings import setting


@dataclass
class Config:
    mice: int = setting(2, "how many")


def run(arguments, run=lambda config: print(config.mice)):
    run_command("say.py", "Say how many.", Config(), run, arguments)


def test_a_command_runs_with_its_settings(capsys):
    run([])
    run(["mice=3"])
    assert capsys.readouterr().out == "2\n3\n"


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["mice=three", "--help"]])
def test_help_prints_the_usage_and_every_setting_and_does_nothing_else(capsys, arguments):
    run(arguments, pytest.fail)
    usage, line = capsys.readouterr().out.splitlines()
    assert usage == "Say how many." and line.split() == ["mice=2", "how", "many"]


@pytest.mark.parametrize("error", [InputError("no\nmice"), ConfigKeyError("no mice")])
def test_errors_about_input_are_one_line_and_exit_code_2(capsys, error):
    def fail(config):
        raise error

    with pytest.raises(SystemExit) as leaving:
        run([], fail)
    assert leaving.value.code == BAD_INPUT == 2 and capsys.readouterr() == ("", "say.py: no mice\n")


@pytest.mark.parametrize("error", [TypeError("a bug"), KeyError("a bug"), ValueError("a bug"), OSError("a bug")])
def test_other_errors_are_not_hidden(error):
    with pytest.raises(type(error)), one_line_errors("say.py"):
        raise error


def test_ctrl_c_is_one_line_that_says_what_is_kept(capsys):
    with pytest.raises(SystemExit) as leaving, one_line_errors("say.py", "the parts are kept"):
        raise KeyboardInterrupt
    assert leaving.value.code == STOPPED == 130 and capsys.readouterr().err == "say.py: stopped; the parts are kept\n"


def test_a_reader_that_leaves_is_no_error():
    code = "from foundation.command import one_line_errors\nwith one_line_errors('x'): print('text\\n' * 100_000)"
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout and child.stderr
    child.stdout.readline(), child.stdout.close()
    assert child.stderr.read() == b"" and child.wait() == CLOSED


def test_warnings_are_notes_of_one_line(capsys):
    with one_line_errors("say.py"):
        warnings.warn("an old file", stacklevel=1)
    assert capsys.readouterr().err == "say.py: note: an old file\n"


def test_letters_that_the_output_lacks_are_question_marks():
    code = "from foundation.command import one_line_errors\nwith one_line_errors('say.py'): print('1 × 2 → ü')"
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True)
    assert (done.stdout.decode("cp1252").split(), done.stderr) == (["1", "×", "2", "?", "ü"], b"")


def test_only_the_first_process_prints(capsys, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert is_main_process() == (rank == "0")
        with pytest.raises(SystemExit), one_line_errors("say.py"):
            raise InputError("no mice")
    assert capsys.readouterr().err == "say.py: no mice\n" and slept == [1]
    monkeypatch.delenv("RANK")
    assert is_main_process()


def test_printed_commands_are_for_a_shell_and_for_what_is_installed(tmp_path, monkeypatch):
    assert format_command("watch.py", "checkpoint=[a b]", "level=5") == "python watch.py 'checkpoint=[a b]' level=5"
    monkeypatch.setattr("foundation.command.FOLDER", tmp_path)
    assert format_command("watch.py", "checkpoint=[a b]", "level=5") == "cheesemaze watch 'checkpoint=[a b]' level=5"


@pytest.mark.slow
def test_torchrun_lets_the_first_process_print_before_it_ends_it(tmp_path):
    """The second process fails at once; torchrun then ends the first one, which is slower."""
    script = tmp_path / "say.py"
    script.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from foundation.command import one_line_errors\n"
        "from foundation.errors import InputError\n"
        "with one_line_errors('say.py'):\n"
        "    time.sleep(0.5 if os.environ['RANK'] == '0' else 0)\n"
        "    raise InputError('no mice')\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", str(script)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode and ran.stderr.count("say.py: no mice\n") == 1


def test_threads_wait_briefly_and_the_users_choice_stands():
    code = "import os, sys, foundation.command; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    for chosen, expected in ({}, "30000"), ({"GOMP_SPINCOUNT": "7"}, "7"):
        environment = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"} | chosen
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.stdout.split() == [expected, "False"]  # torch reads the variable when it is imported

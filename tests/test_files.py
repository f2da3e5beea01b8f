"""Atomic writes."""

import os
import subprocess
import sys

import pytest

from foundation.errors import InputError
from foundation.files import lock_folder, write_atomically


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def crash(_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(InputError, match=r"cannot write .*file \(no space left\)"):
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_name_that_no_file_can_have_is_one_error(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        write_atomically(tmp_path / ("n" * 251), b"content")


def test_a_lock_removes_the_unfinished_files_of_dead_processes_alone(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept, left = (tmp_path / "below" / f".file.{pid}.part" for pid in (os.getpid(), dead.pid))
    kept.parent.mkdir()
    kept.touch()
    left.touch()
    of_others = [tmp_path / name for name in (".video.part", ".thing.tar.part", "file.1.part", f".{dead.pid}.part")]
    for path in of_others:
        path.touch()
    with lock_folder(tmp_path):
        assert kept.exists() and not left.exists()
    assert all(path.exists() for path in of_others), "files of other programs stay"


def test_a_folder_that_cannot_be_read_is_one_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(InputError, match=r"cannot read the folder .* \(Permission denied\)"), lock_folder(tmp_path):
            pass
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    part = tmp_path / f".file.{dead.pid}.part"
    part.touch()
    monkeypatch.setattr(os, "unlink", refuse)
    with lock_folder(tmp_path):
        assert part.exists(), "that of another user stays"


def test_a_file_system_without_locks_gives_a_warning(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(UserWarning, match=r"cannot be locked \(Operation not supported\)"), lock_folder(tmp_path):
        pass

"""Files that are never half-written, damaged unnoticed, or written by two processes at once."""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from foundation.errors import InputError

DIGEST_BYTES = hashlib.sha256().digest_size
UNFINISHED = re.compile(r"\..+\.(\d+)\.part")  # what ``write_atomically`` calls a file until it is whole


def make_folder(folder: Path) -> None:
    """Make a folder and its parents.

    Raises:
        InputError: that is not possible; the message names the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder} ({error.strerror})") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one piece.

    A reader finds either the old content or the new content, even after a crash. Missing folders are made.

    Raises:
        InputError: the file cannot be written, for example because the disk is full; the message names it.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror or error})") from error
    finally:
        with suppress(OSError):  # there is none after a success, or where the file could not even be made
            part.unlink()


def write_json(path: Path, value: Any, indent: int | None = 1) -> None:
    """Write a value as strict JSON, atomically; NaN and infinity become null."""
    write_atomically(path, encode_json(value, indent))


def encode_json(value: Any, indent: int | None = 1) -> bytes:
    """Encode a value as strict JSON, in one line if ``indent`` is None; NaN and infinity become null."""
    return (json.dumps(_replace_non_finite(value), indent=indent, allow_nan=False) + "\n").encode()


def _replace_non_finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _replace_non_finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_non_finite(each) for each in value]
    return None if isinstance(value, float) and not (abs(value) < float("inf")) else value


def parse_json(text: str | bytes) -> Any:
    """Parse strict JSON from an untrusted source.

    Raises:
        InputError: the text is not JSON, is nested too deeply, or holds NaN or infinity.
    """

    def refuse(constant: str) -> None:
        raise InputError(f"{constant} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: also for integers of thousands of digits
        raise InputError(f"not JSON ({str(error).splitlines()[0]})") from None


def write_checked(path: Path, content: bytes) -> None:
    """Write content atomically, followed by its SHA-256, for ``read_checked``."""
    write_atomically(path, content + hashlib.sha256(content).digest())


def read_checked(path: Path) -> bytes | None:
    """Read what ``write_checked`` wrote; None if there is no such file or it is damaged."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    content, digest = whole[:-DIGEST_BYTES], whole[-DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def _is_abandoned(part: Path) -> bool:
    """Whether a file is one that ``write_atomically`` left unfinished: its process, which the name tells, is gone."""
    named = UNFINISHED.fullmatch(part.name)
    if not named:
        return False
    try:
        os.kill(int(named[1]), 0)  # sends nothing
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # a process of another user
        pass
    return False


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone. The system releases the lock of a process that dies.

    Unfinished files that killed writers left in the folder are removed. A file system without locks gives a warning.

    Raises:
        InputError: another process holds the folder, or it cannot be made or read.
    """
    make_folder(folder)
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"cannot read the folder {folder} ({error.strerror})") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process is working in {folder}; wait for it, or stop it") from None
        except OSError as error:
            warnings.warn(
                f"{folder} cannot be locked ({error.strerror}); run one process in it at a time", stacklevel=3
            )
        for part in folder.rglob(".*.part"):
            if _is_abandoned(part):
                with suppress(OSError):  # of another user, or gone
                    part.unlink()
        yield
    finally:
        os.close(descriptor)

"""Changes of files: shown before they are made, made whole or not at all, with owner and rights kept."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from irods_omero.errors import PolicyError

CODE_MODE = 0o644
FOLDER_MODE = 0o755
BACKUP = ".irods-omero-backup-"

_SECRET = re.compile(r'("[^"]*(?:password|secret|_key)"\s*:\s*)"[^"]*"', re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """One file before and after.

    Attributes:
        path: The file.
        before: Its content now; None if there is no such file.
        after: Its content then; None if it is to go.
        backup: Whether its content now is kept beside it.
        new_mode: The rights of a file that is not there yet.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    backup: bool = False
    new_mode: int = CODE_MODE

    @property
    def verb(self) -> str:
        """What happens to the file, in one word."""
        if self.before is None:
            return "write"
        return "remove" if self.after is None else "change"

    def diff(self) -> str:
        """A unified diff that shows no passwords and keys."""
        old, new = (
            _SECRET.sub(r'\1"..."', (content or b"").decode(errors="replace")) for content in (self.before, self.after)
        )
        names = (str(self.path), str(self.path))
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
        return "\n".join(lines)


def content(path: Path) -> bytes | None:
    """What a file contains; None if it does not exist."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}") from None


def text(path: Path) -> str | None:
    """What a text file contains; None if it does not exist."""
    data = content(path)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise PolicyError(f"{path} is not a text in UTF-8") from None


def digest(data: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def make(change: Change, owner: os.stat_result) -> Path | None:
    """Make a change.

    Args:
        change: The change; nothing is done if the file is not any more as it was when the change was planned.
        owner: Whose the new files and folders are, as far as this process may give them away.

    Returns:
        The backup, if there is one.
    """
    target = change.path.resolve()
    try:
        if content(target) != change.before:
            raise PolicyError(
                f"{change.path} was changed by somebody else just now: nothing was done to it, run this again"
            )
        backup = _back_up(target, change.before) if change.backup and change.before is not None else None
        if change.after is None:
            target.unlink()
        else:
            _make_folders(target.parent, owner)
            write_atomically(target, change.after, change.new_mode, owner)
    except OSError as error:
        raise PolicyError(f"{change.path} cannot be written: {error.strerror}") from None
    return backup


def write_atomically(path: Path, data: bytes, new_mode: int, owner: os.stat_result) -> None:
    """Write a file so that at any time either the old content is there or the new one, whole."""
    with suppress(FileNotFoundError):
        owner = path.stat()
        new_mode = owner.st_mode & 0o7777
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        temporary.chmod(new_mode)
        _give(temporary, owner)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _back_up(path: Path, data: bytes) -> Path:
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    backup = path.with_name(f"{path.name}{BACKUP}{moment}")
    status = path.stat()
    write_atomically(backup, data, status.st_mode & 0o7777, status)
    return backup


def _make_folders(folder: Path, owner: os.stat_result) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent, owner)
        folder.mkdir()
        folder.chmod(FOLDER_MODE)
        _give(folder, owner)


def _give(path: Path, owner: os.stat_result) -> None:
    """Only root can give files away; other accounts keep theirs."""
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def remove_empty(folder: Path) -> None:
    """Remove a folder, unless something else is in it."""
    with suppress(OSError):
        folder.rmdir()

"""Where the bytes of replicas are: folders, one vault per resource."""

import base64
import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from pathlib import Path

from lab.zone.errors import ZoneError

_CHUNK = 4 * 1024 * 1024
_HOLE = 1024 * 1024


def path_for(vault: str, logical_path: str, data_version: str = "") -> str:
    """The file of a new replica: the logical path without the zone, below the vault; a free name if that is taken."""
    relative = logical_path.split("/", 2)[2]
    path = f"{vault.rstrip('/')}/{relative}"
    return f"{path}.{data_version}" if data_version else path


def free_path(vault: str, logical_path: str) -> str:
    """A path for a new replica where there is no file yet."""
    path, number = path_for(vault, logical_path), 0
    while os.path.lexists(path):
        number += 1
        path = path_for(vault, logical_path, str(number))
    return path


def random_path(vault: str, logical_path: str, user: str) -> str:
    """The file of a new replica where its path is made up at random (zone-99): it ends with the time."""
    drawn = secrets.randbelow(256)
    above, name = f"{vault.rstrip('/')}/{user}/{drawn % 16}/{drawn // 16}", logical_path.rpartition("/")[2]
    path, number = f"{above}/{name}.{int(time.time())}", 0
    taken = path
    while os.path.lexists(taken):
        taken, number = f"{path}.{number}", number + 1
    return taken


def create(path: str) -> None:
    """Make an empty file and the folders above it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()


def open_file(path: str, flags: int, vault: str) -> int:
    """Open a file for a descriptor; outside of the vault the server's account is not the one that files belong to.

    It is no superuser's, so that it may not write where the mode does not say so (zone-91).
    """
    try:
        if flags & (os.O_WRONLY | os.O_RDWR):
            _refuse_read_only(path, stat.S_IWUSR if holds(vault, path) else stat.S_IWOTH)
        return os.open(path, flags)
    except OSError as error:
        raise ZoneError(-510000 - (error.errno or 0), f"{path}: {error.strerror}") from error


def _refuse_read_only(path: str, right: int) -> None:
    if not Path(path).stat().st_mode & right:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write(file: int, data: bytes) -> None:
    """Write where a file was left; many zeros at its end become a hole, as nobody has disks for simulated files."""
    end = os.lseek(file, 0, os.SEEK_CUR) + len(data)
    if len(data) >= _HOLE and end - len(data) >= os.fstat(file).st_size and data.count(0) == len(data):
        os.ftruncate(file, end)
        os.lseek(file, end, os.SEEK_SET)
        return
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def size(path: str) -> int:
    """How many bytes a file has."""
    try:
        return Path(path).stat().st_size
    except OSError as error:
        raise ZoneError(-516000 - (error.errno or 0), f"{path}: {error.strerror}") from error


def copy(source: str, target: str) -> None:
    """Copy a file."""
    create(target)
    try:
        _refuse_read_only(target, stat.S_IWUSR)
        shutil.copyfile(source, target)
    except OSError as error:
        raise ZoneError(-510000 - (error.errno or 0), f"{source}: {error.strerror}") from error


def move(source: str, target: str) -> None:
    """Give a file another path."""
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(source).rename(target)


def holds(vault: str, path: str) -> bool:
    """Whether a file belongs to a vault, by the components of its path; others were registered where they are."""
    return Path(path).is_relative_to(vault)


def remove(path: str, vault: str) -> None:
    """Take a file away, if it is there; one outside of the vault stays, and is only unregistered (zone-89)."""
    if holds(vault, path):
        Path(path).unlink(missing_ok=True)


def checksum(path: str) -> str:
    """The checksum of a file as the catalog keeps it."""
    hashed = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK):
                hashed.update(chunk)
    except OSError as error:
        raise ZoneError(-510000 - (error.errno or 0), f"{path}: {error.strerror}") from error
    return "sha2:" + base64.b64encode(hashed.digest()).decode()

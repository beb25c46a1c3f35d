"""Observes the iRODS server on this machine, and single files."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from irods_omero import hooks
from irods_omero.doctor.facts.records import FileFacts, ServerFacts, SystemFacts
from irods_omero.errors import PolicyError
from irods_omero.install import corepy, distribution, engines, files, layout, manifest

SERVER_CONFIG = "server_config.json"


def observe_file(path: Path) -> FileFacts:
    """A file's rights."""
    try:
        status = path.stat()
    except OSError:
        return FileFacts(str(path), exists=False)
    return FileFacts(str(path), True, os.access(path, os.R_OK), status.st_mode & 0o7777, status.st_uid)


def observe_server(etc: Path) -> ServerFacts | None:
    """The iRODS server whose configuration is in this folder; None if there is none."""
    config = etc / SERVER_CONFIG
    if not config.exists():
        return None
    service = config.stat().st_uid
    record = manifest.read(files.text(etc / manifest.FILE))
    core = files.text(etc / distribution.CORE) or ""
    unreadable, concerns = _engines(config)
    return ServerFacts(
        unreadable=unreadable,
        concerns=concerns,
        service=service,
        installed=record.version or (files.text(layout.PACKAGED) or "").strip(),
        changed=[name for name, digests in sorted(record.files.items()) if _is_changed(etc / name, digests)],
        joined=corepy.is_joined(core, hooks.PEPS),
        system=observe_system(),
    )


def observe_system() -> SystemFacts | None:
    """The operating system; None if it does not say what it is."""
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return None
    kinds = (told["ID"], *told.get("ID_LIKE", "").split())
    version = tuple(int(number) for number in re.findall(r"\d+", told.get("VERSION_ID", "")))
    return SystemFacts(told["PRETTY_NAME"], kinds, version) if version else None


def _engines(config: Path) -> tuple[str, list[str]]:
    try:
        document = engines.parsed(files.text(config) or "", str(config))
    except PolicyError as error:
        return str(error), []
    return "", engines.concerns(document.value)


def _is_changed(path: Path, digests: list[str]) -> bool:
    if path.name == distribution.POLICY:
        return False
    data = files.content(path)
    return data is None or files.digest(data) not in digests

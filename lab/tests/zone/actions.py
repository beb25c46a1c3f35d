"""The client actions that were recorded on a real zone: what has to be there first, and the action itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import irods.keywords as kw
from irods.access import iRODSAccess
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from lab.tests.zone.commands import (
    ACCESS_TIME,
    FAST,
    LARGE,
    MEDIUM,
    SLOW,
    Place,
    folder_to_register,
    iget,
    imeta,
    imv_collection,
    iput,
    iput_at,
    iput_bulk,
    iput_folder,
    istream,
    on_object,
    prc_atomic,
    prc_put,
    prc_replicate,
    prc_write,
    register,
    remove_collection,
    trimmed,
)

Action = Callable[[Place], Callable[[], object]]
"""What has to be there first, and then the action itself."""


def _now(work: Callable[[Place], object]) -> Action:
    return lambda place: lambda: work(place)


def _with(work: Callable[[Place, str], object], **how: Any) -> Action:
    def prepare(place: Place) -> Callable[[], object]:
        path = place.have("there", **how)
        return lambda: work(place, path)

    return prepare


def _with_avu(work: Callable[[Place, str], object]) -> Action:
    def prepare(place: Place) -> Callable[[], object]:
        path = place.have("there")
        place.alice.metadata.add(DataObject, path, iRODSMeta(place.path("a"), "v", "u"))
        return lambda: work(place, path)

    return prepare


def _with_folder(work: Callable[[Place, str], object]) -> Action:
    def prepare(place: Place) -> Callable[[], object]:
        path = place.have_folder("folder")
        return lambda: work(place, path)

    return prepare


def _with_replicas(work: Callable[[Place, str], object]) -> Action:
    def prepare(place: Place) -> Callable[[], object]:
        path = place.have("there")
        place.alice.data_objects.replicate(path, MEDIUM)
        return lambda: work(place, path)

    return prepare


def _same_time(place: Place) -> Callable[[], object]:
    """Two data objects that share the row of their access time, which can then not be changed in place."""
    paths = [place.have(name) for name in ("there", "twin")]
    for path in paths:
        for avu in place.rods.metadata.get(DataObject, path):
            place.rods.metadata.remove(DataObject, path, avu, **{kw.ADMIN_KW: ""})
        place.rods.metadata.add(DataObject, path, iRODSMeta(ACCESS_TIME, "1234567890"), **{kw.ADMIN_KW: ""})
    return lambda: prc_replicate(place, paths[0])


def _trash_used_before(place: Place) -> Callable[[], object]:
    path = place.have_folder("folder")
    place.alice.data_objects.unlink(place.have("first"))
    return lambda: place.alice.collections.remove(path)


def _several_values(place: Place) -> Callable[[], object]:
    path = place.have("there")
    for value in ("1", "2"):
        place.alice.metadata.add(DataObject, path, iRODSMeta("a", value))
    return lambda: place.alice.metadata.set(DataObject, path, iRODSMeta("a", "3"))


def _copied(place: Place) -> Callable[[], object]:
    source, target = place.have("source"), place.have("target")
    place.alice.metadata.remove(DataObject, source, place.rods.metadata.get(DataObject, source)[0])
    place.alice.metadata.add(DataObject, source, iRODSMeta(place.path("b"), "v"))
    return lambda: imeta(place, "cp", "-d", "-d", source, target)


def _trash(place: Place) -> Callable[[], object]:
    home = f"/{place.zone}/trash/home/alice"
    remove_collection(place.alice, home, recursiveOpr="", irodsRmTrash="")
    place.alice.collections.create(f"{home}/t/bdir/sub")
    for name in ("t/bdir/sub/x", "t/bdir/1", "t/bdir/2", "t/bdir/3", "t/y", "z"):
        iput_at(place, f"{home}/{name}")
    return lambda: remove_collection(place.alice, home, recursiveOpr="", irodsRmTrash="")


def _registered(place: Place) -> Callable[[], object]:
    target = f"{place.rods_home}/{place.folder.name}.unreg"
    register(place, target, Path(place.local("unreg", b"x")))
    return lambda: place.rods.data_objects.unregister(target)


def _register_one(place: Place) -> None:
    register(place, f"{place.rods_home}/{place.folder.name}", Path(place.local("reg", b"x")))


def _register_all(place: Place) -> object:
    target = f"{place.rods_home}/{place.folder.name}.d"
    return place.rods.collections.register(str(folder_to_register(place)), target, destRescName="demoResc")


ACTIONS: dict[str, Action] = {
    "imkdir": _now(lambda p: p.alice.collections.create(p.path("new"), recurse=False)),
    "iput small": _now(lambda p: iput(p, "new")),
    "iput -f overwrite small": _with(lambda p, _: iput(p, "there", forceFlag="")),
    "iput -k small (checksum)": _now(lambda p: iput(p, "new", regChksum="")),
    "iput --metadata": _now(lambda p: iput(p, "new", metadataIncluded="a;v;u")),
    "iput -r dir": _now(iput_folder),
    "iput -b -r dir": _now(iput_bulk),
    "iget small": _with(iget),
    "istream write": _now(lambda p: istream(p, p.path("new"), 577, b"hello")),
    "istream read": _with(lambda p, path: istream(p, path, 0, None)),
    "itouch new": _now(lambda p: p.alice.data_objects.touch(p.path("new"), leaf_resource_name=FAST)),
    "itouch existing": _with(lambda p, path: p.alice.data_objects.touch(path)),
    "icp": _with(lambda p, path: p.alice.data_objects.copy(path, p.path("new"), destRescName=FAST)),
    "imv (rename)": _with(lambda p, path: p.alice.data_objects.move(path, p.path("new"))),
    "imv collection": _with_folder(imv_collection),
    "imeta add -d": _with(lambda p, path: imeta(p, "add", "-d", path, "a", "v", "u")),
    "imeta mod -d": _with_avu(lambda p, path: imeta(p, "mod", "-d", path, p.path("a"), "v", "u", "v:w")),
    "imeta set -d": _with_avu(lambda p, path: imeta(p, "set", "-d", path, p.path("a"), "w", "u")),
    "imeta rm -d": _with_avu(lambda p, path: imeta(p, "rm", "-d", path, p.path("a"), "v", "u")),
    "imeta cp -d -d": _copied,
    "imeta add -C": _now(lambda p: p.alice.metadata.add(Collection, p.collection, iRODSMeta("a", "v"))),
    "ichksum": _with(lambda p, path: p.alice.data_objects.chksum(path, forceChksum="")),
    "ichmod": _with(lambda p, path: p.alice.acls.set(iRODSAccess("read", path, "public"))),
    "irepl": _same_time,
    "itrim": _with_replicas(trimmed),
    "iphymv": _with(
        lambda p, path: on_object(p.alice, 697, path, oprType=15, keywords={"rescName": FAST, "destRescName": SLOW})
    ),
    "ireg (rods)": _now(_register_one),
    "ireg -r (rods)": _now(_register_all),
    "iunreg (rods)": _registered,
    "irsync": _now(lambda p: iput(p, "new")),
    "irm (trash)": _with(lambda p, path: p.alice.data_objects.unlink(path)),
    "irm -f": _with(lambda p, path: p.alice.data_objects.unlink(path, force=True)),
    "irm -r (trash collection)": _trash_used_before,
    "irm -rf collection": _with_folder(lambda p, path: p.alice.collections.remove(path, force=True)),
    "irmtrash": _trash,
    "PRC warm (connect)": _now(lambda p: p.alice.collections.get(p.collection)),
    "PRC put small": _now(lambda p: prc_put(p, "new")),
    "PRC put small w/ REG_CHKSUM": _now(lambda p: prc_put(p, "new", regChksum="")),
    "PRC put small w/ metadata kw": _now(lambda p: prc_put(p, "new", metadataIncluded="a;v;u")),
    "PRC put large parallel": _now(lambda p: prc_put(p, "new", bytes(LARGE), num_threads=2)),
    "PRC open(w)/write/close": _now(prc_write),
    "PRC open(r)/read/close": _with(lambda p, path: p.alice.data_objects.open(path, "r").read()),
    "PRC get small": _with(lambda p, path: p.alice.data_objects.get(path, str(p.folder / "got"))),
    "PRC get large parallel": _with(
        lambda p, path: p.alice.data_objects.get(path, str(p.folder / "got"), num_threads=2), content=bytes(LARGE)
    ),
    "PRC create": _now(lambda p: p.alice.data_objects.create(p.path("new"), FAST)),
    "PRC touch": _now(lambda p: p.alice.data_objects.touch(p.path("new"))),
    "PRC metadata.add": _with(lambda p, path: p.alice.metadata.add(DataObject, path, iRODSMeta("a", "v"))),
    "PRC metadata.set": _several_values,
    "PRC metadata.remove": _with_avu(
        lambda p, path: p.alice.metadata.remove(DataObject, path, iRODSMeta(p.path("a"), "v", "u"))
    ),
    "PRC ob.metadata[k]=": _with(lambda p, path: p.alice.metadata.add(DataObject, path, iRODSMeta("k", "v"))),
    "PRC atomic ops": _with(prc_atomic),
    "PRC replicate": _with(prc_replicate),
    "PRC trim": _with_replicas(trimmed),
    "PRC move": _with(lambda p, path: p.alice.data_objects.move(path, p.path("new"))),
    "PRC copy": _with(lambda p, path: p.alice.data_objects.copy(path, p.path("new"), destRescName=FAST)),
    "PRC chksum": _with(lambda p, path: p.alice.data_objects.chksum(path)),
    "PRC unlink trash": _with(lambda p, path: p.alice.data_objects.unlink(path)),
    "PRC unlink force": _with(lambda p, path: p.alice.data_objects.unlink(path, force=True)),
    "PRC unicode name put": _now(lambda p: prc_put(p, "ünï 中 😀 'q' \"d\" & <x>")),
}

NOT_DONE = {
    "iput large 40MB parallel": "sends the content over further connections, which python-irodsclient never does",
    "iget large": "gets the content over further connections, which python-irodsclient never does",
}

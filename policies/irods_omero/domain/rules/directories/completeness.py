"""Whether a directory is complete, by the sign that its administrators have chosen, and which file is that sign."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from irods_omero.domain.rules.formats.format_rules import counted, listed
from irods_omero.domain.state.directories.completion import Completion
from irods_omero.domain.state.formats.directory_manifest import DirectoryManifest, ListedFile, kinds_of
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject
from irods_omero.vocabulary import DONE, MANIFEST, MARKER, ZARR

Compared = Mapping[tuple[int, Content, str], bool]
"""For catalog ids, contents and checksums whether the bytes, which were read, have that checksum."""


class Unread(NamedTuple):
    """A file whose bytes are to be read, as iRODS does not know enough of it.

    Attributes:
        data_object: The file.
        checksum: The one that its bytes should have.
    """

    data_object: DataObject
    checksum: str


class Incomplete(NamedTuple):
    """That a directory is not complete.

    Attributes:
        rule: What it waits for, in words.
        error: What somebody has to correct first, empty for nothing.
        wait: Whether it is to be looked at again soon: nothing tells of what it waits for.
        unread: What has to be read first.
    """

    rule: str
    error: str = ""
    wait: bool = False
    unread: tuple[Unread, ...] = ()


class CompletionSigns(NamedTuple):
    """What says whether a directory is complete.

    Attributes:
        completion: What has to say so.
        is_done: Whether the collection itself says so, which is looked for only where that is what counts.
        attribute: The attribute of the AVU by which the collection says so.
        manifest: What its manifest says, None where it cannot be read yet.
        is_settling: Whether it cannot be read yet because it has just been written.
        elsewhere: The paths, from the directory on, of what lies in it and belongs to others.
        compared: What is known of files that were read.
        is_asked_for: Whether somebody asks on the collection that all be imported as it is now.
    """

    completion: Completion = Completion()
    is_done: bool = False
    attribute: str = ""
    manifest: DirectoryManifest | None = None
    is_settling: bool = False
    elsewhere: Container[str] = ()
    compared: Compared = MappingProxyType({})
    is_asked_for: bool = False

    def lack(self, inside: Mapping[str, DataObject]) -> Incomplete | None:
        """What a directory waits for; None for nothing.

        Args:
            inside: Its data objects by their paths from the directory on, those that are no part of an image, too.
        """
        completion = self.completion
        if completion.trouble:
            return Incomplete(f"it waits until it is clear what makes it complete: {completion.trouble}")
        if completion.by_avu and not self.is_done:
            return Incomplete(f"it waits for the AVU {self.attribute} {DONE} on its collection")
        if completion.kind in (MARKER, MANIFEST) and completion.name not in inside:
            return Incomplete(f"it waits for a file named {completion.name}")
        if completion.kind == MANIFEST:
            return self._lack_by_manifest(inside)
        return None

    def _lack_by_manifest(self, inside: Mapping[str, DataObject]) -> Incomplete | None:
        name, manifest = self.completion.name, self.manifest
        if manifest is None:
            return Incomplete(f"{name} is being written", wait=self.is_settling)
        if manifest.trouble:
            return Incomplete(f"{name} cannot be used", f"{name} cannot be used: {manifest.trouble}")
        differences = differences_from(manifest, inside, self.elsewhere, self.compared)
        if differences.missing or differences.differing:
            return Incomplete(f"it is not as {name} says", f"it is not as {name} says: {differences}")
        if unread := differences.unread:
            rule = f"{len(unread)} of its files are being compared with {name}, as iRODS has no checksum of that kind"
            return Incomplete(rule, wait=True, unread=unread)
        return None

    def is_one(self, inside: str) -> bool:
        """Whether a file, by its path from the directory on, is the sign, and so no part of the unit."""
        return bool(self.completion.name) and inside == self.completion.name

    def is_unlisted(self, inside: str) -> bool:
        """Whether a file is no part of the unit as a manifest lists the others, and not this one."""
        return self.manifest is not None and not self.manifest.trouble and inside not in self.manifest.files

    def why_unlisted(self, inside: Iterable[str]) -> str:
        """What is wrong with files that are no part of the unit for that; empty for nothing."""
        names = sorted(inside)
        return f"{counted(names)} not in {self.completion.name}, and no part of it: {listed(names)}" if names else ""


OTHER_CHECKSUM = "another checksum"

SETTLED_ONLY = CompletionSigns()
"""Nothing but that the files have come to rest."""


class Differences(NamedTuple):
    """Where a directory is not as its manifest says; paths, with what is different about them.

    Attributes:
        missing: What is not there.
        differing: What is there with another size or checksum.
        unread: Of what iRODS has no checksum of a kind that the manifest has, and whose bytes were not read yet.
    """

    missing: tuple[str, ...]
    differing: tuple[str, ...]
    unread: tuple[Unread, ...]

    def __str__(self) -> str:
        texts = []
        if self.missing:
            texts.append(f"{counted(self.missing)} missing: {listed(self.missing)}")
        if self.differing:
            texts.append(f"{counted(self.differing)} different: {listed(self.differing)}")
        return "; ".join(texts)


def differences_from(
    manifest: DirectoryManifest,
    inside: Mapping[str, DataObject],
    elsewhere: Container[str] = (),
    compared: Compared = MappingProxyType({}),
) -> Differences:
    """Where data objects differ from a manifest; not in what is just being written, or belongs to a Zarr hierarchy.

    Args:
        manifest: What is to be there.
        inside: What is there, by paths from the directory on.
        elsewhere: Paths of what is there, and belongs to others: its size is not looked at.
        compared: What is known of files that were read.
    """
    missing, differing, unread = list[str](), list[str](), list[Unread]()
    for path, wanted in sorted(manifest.files.items()):
        if path in elsewhere or f"{ZARR}/" in path:
            continue
        data_object = inside.get(path)
        if data_object is None:
            missing.append(path)
            continue
        why = _difference(data_object, wanted, compared)
        if why:
            differing.append(f"{path} ({why})")
        elif why is None:
            unread.append(Unread(data_object, min(wanted.checksums)))
    return Differences(tuple(missing), tuple(differing), tuple(unread))


def _difference(data_object: DataObject, wanted: ListedFile, compared: Compared) -> str | None:
    """How a data object differs, empty if it does not; None where its bytes have to be read for that."""
    content = data_object.content()
    if content is None:
        return ""
    if wanted.size not in (None, content.size):
        return f"{content.size} bytes, and not {wanted.size}"
    if not wanted.checksums:
        return ""
    kinds = dict(kinds_of(wanted.checksums))
    for kind, checksum in kinds_of(frozenset({content.checksum} - {""})):
        if kind in kinds:
            return "" if checksum == kinds[kind] else OTHER_CHECKSUM
    is_same = compared.get((data_object.data_id, content, min(wanted.checksums)))
    return None if is_same is None else "" if is_same else OTHER_CHECKSUM

"""Where in iRODS a fileset goes that came through OMERO first, whose it is there, and how it is described.

A part of a path in which every field is unknown is left out. What no name of a data object can hold becomes an
underscore.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from irods_omero.domain.rules.omero_first.templates import facts_of, fill, fill_each
from irods_omero.domain.state.omero_first.relocation import own_place
from irods_omero.domain.state.omero_first.rights import Grant, Rights
from irods_omero.domain.state.omero_first.source import MAY_READ, MAY_WRITE, Source
from irods_omero.domain.state.policy import EVERYBODY
from irods_omero.domain.state.texts import why_unstorable
from irods_omero.domain.state.views import Avu

_REPLACED = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

LONGEST_NAME = 255
"""Bytes of a name, as the file systems of vaults have it."""

EVERYBODY_IN_ZONE = "public"
"""The iRODS group of all users, whatever a group of that name is in OMERO."""

LONGEST_PATH = 1080
"""Bytes of a logical path (``MAX_NAME_LEN`` of iRODS, without its end)."""


COPY, MOVE, REGISTER = "copy", "move", "register"


class PlacementError(ValueError):
    """It cannot be said where a fileset goes, or whose it is; says why, and what to do."""


@dataclass(frozen=True)
class PlacementRule:
    """What the configuration says about filesets of some groups.

    Attributes:
        groups: Names of OMERO groups; ``*`` stands for all.
        to: Template of the collection that the files go into.
        resource: Name of the resource, empty for the zone's default.
        how: ``COPY``; ``MOVE`` where OMERO's copy of the files goes afterwards; ``REGISTER`` where they stay what iRODS
            has, too.
        repository: For ``REGISTER`` the path of OMERO's managed repository as the host of the resource sees it.
        share: Whether the members of the OMERO group get access, as an iRODS group of the same name.
        make_groups: Whether that iRODS group is made where there is none.
        follow_rights: Whether the rights change when the images get another owner or group in OMERO.
        follow_names: Whether the data moves when what OMERO calls it gives another place.
        acl: Further entries: templates of names, each with ``read``, ``write`` or ``own``.
        avus: For attributes the templates of their values.
        facts: What the attributes start with by which all that OMERO knows of the image is described; empty for none.
    """

    groups: tuple[str, ...]
    to: str
    resource: str = ""
    how: str = COPY
    repository: str = ""
    share: bool = True
    make_groups: bool = False
    follow_rights: bool = False
    follow_names: bool = False
    acl: Mapping[str, str] | None = None
    avus: Mapping[str, str] | None = None
    facts: str = ""

    def covers(self, group: str) -> bool:
        """Whether it is about a group of OMERO."""
        return group in self.groups or EVERYBODY in self.groups


class Access(NamedTuple):
    """Whose a fileset is, and who may do what with it.

    Attributes:
        owner: The iRODS user who owns the data objects.
        group: The iRODS group that stands for the OMERO group, empty for none.
        makes_group: Whether that is made where there is none.
        grants: The access control list.
    """

    owner: str
    group: str
    makes_group: bool
    grants: tuple[Grant, ...]

    def rights(self, source: Source) -> Rights:
        """The rights as agreements remember them."""
        return Rights(source.owner_id, source.group_id, tuple(sorted(self.grants)))


@dataclass(frozen=True)
class Placement:
    """Where a fileset goes, whose it is, and what is said about it.

    Attributes:
        collection: Logical path of the collection.
        names: For each of its files the path below that collection.
        access: Whose it is, and who may do what with it.
        avus: What describes its data objects.
    """

    collection: str
    names: tuple[str, ...]
    access: Access
    avus: tuple[Avu, ...]

    def paths(self, collection: str = "") -> tuple[str, ...]:
        """The logical paths of the data objects, below another collection if one is given."""
        return tuple(f"{collection or self.collection}/{name}" for name in self.names)

    def place_of_its_own(self, fileset: int) -> str:
        """The collection that it goes into where others are in its way."""
        return own_place(self.collection, fileset)

    def collection_of(self, moved: Collection[str], fileset: int) -> str:
        """The collection below which some of its data objects are, by their logical paths; empty for none.

        Where names end alike, ``d.tif`` and ``1/d.tif``, a path alone does not say which is meant: where it would go
        now comes first, as it has gone there unless it was renamed in OMERO since.
        """
        likely = (self.collection, self.place_of_its_own(fileset))
        ends = (path.removesuffix(f"/{name}") for path in sorted(moved) for name in self.names)
        others = [collection for collection in ends if collection not in moved]
        return max((*likely, *others), key=lambda each: len(set(self.paths(each)) & set(moved))) if others else ""


def place(source: Source, rule: PlacementRule, zone: str, users: Mapping[str, str], roots: Sequence[str]) -> Placement:
    """Decide where a fileset goes.

    Args:
        source: The fileset.
        rule: What the configuration says.
        zone: Name of the zone.
        users: The OMERO user for an iRODS user, as in the configuration.
        roots: The collections below which hooks leave marks.

    Raises:
        PlacementError: It goes nowhere.
    """
    access = access_to(source, rule, zone, users)
    collection = path_of(rule.to, source, zone, access.owner)
    if not (collection + "/").startswith(tuple(root.rstrip("/") + "/" for root in roots)):
        raise PlacementError(f"{collection} is below no watched root: correct omero_first, or add it to watch.roots")
    names = names_of([file.client_path for file in source.files])
    longest = max(len(f"{collection}/{name}".encode()) for name in names)
    if longest > LONGEST_PATH:
        raise PlacementError(f"a path below {collection} would take {longest} bytes: shorten the names in OMERO")
    return Placement(collection, names, access, _avus(source, rule, zone, access.owner))


def rule_for(group: str, rules: Iterable[PlacementRule]) -> PlacementRule:
    """What the configuration says about filesets of a group of OMERO.

    Raises:
        PlacementError: Nothing.
    """
    for rule in rules:
        if rule.covers(group):
            return rule
    raise PlacementError(f"omero_first names no place for the group {group}")


def access_to(source: Source, rule: PlacementRule, zone: str, users: Mapping[str, str]) -> Access:
    """Decide whose a fileset is, and who may do what with it; see ``place``.

    Raises:
        PlacementError: Nobody can tell whose it is.
    """
    owner = irods_user(source.owner, users)
    group = source.group if rule.share and source.members_may else ""
    if group == EVERYBODY_IN_ZONE or "#" in group:
        whose = "all users of the zone belong to" if group == EVERYBODY_IN_ZONE else "another zone would have"
        raise PlacementError(f"{whose} the iRODS group {group}: see share and acl of omero_first")
    return Access(owner, group, rule.make_groups, _grants(source, rule, zone, owner, group))


def irods_user(owner: str, users: Mapping[str, str]) -> str:
    """The one iRODS user who stands for an OMERO user: who is named for it, or otherwise who has the same name.

    Raises:
        PlacementError: There is none, or more than one.
    """
    if users.get(EVERYBODY) == owner:
        raise PlacementError(f"many iRODS users are {owner} in OMERO: nobody can tell whose it is; see omero.users")
    names = [name for name, known in users.items() if known == owner and name != EVERYBODY]
    if not names and owner not in users and EVERYBODY not in users:
        names = [owner]
    if len(names) != 1:
        known = f"{' and '.join(sorted(names))} are" if names else "no iRODS user is"
        raise PlacementError(f"{known} {owner} in OMERO: name one in omero.users")
    if "#" in names[0]:
        raise PlacementError(f"{names[0]} belongs to another zone, where nothing is taken to")
    return names[0]


def path_of(template: str, source: Source, zone: str, user: str) -> str:
    """A logical path by its template; parts of it of which every field is unknown are left out."""
    parts = []
    for part in template.strip("/").split("/"):
        filled = fill(part, source, zone, user)
        if filled:
            parts.append(component(filled))
    return "/" + "/".join(parts)


def component(text: str) -> str:
    """A name that a data object or a collection can have, as close to a text as can be.

    Slashes, backslashes, and characters that XML messages cannot hold become underscores, and so does a name that is
    only dots; one that starts with a dash gets an underscore before it. Of more than 255 bytes the middle is replaced
    by a digest.
    """
    name = _REPLACED.sub("_", text).strip()
    if not name.strip("."):
        name = "_" * max(len(name), 1)
    if name.startswith("-"):
        name = "_" + name
    if len(name.encode()) <= LONGEST_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > LONGEST_NAME // 8:
        stem, suffix = name, ""
    ending = "~" + hashlib.sha256(name.encode()).hexdigest()[:12] + (f".{suffix}" if suffix else "")
    return stem.encode()[: LONGEST_NAME - len(ending.encode())].decode(errors="ignore") + ending


def names_of(client_paths: Sequence[str]) -> tuple[str, ...]:
    """Paths of files below the collection that holds all of them: as they lay on the importer's machine.

    Two that would be the same get a number, as they do in file managers.
    """
    split = [[part for part in path.split("/") if part] or ["_"] for path in client_paths]
    shared = 0
    for parts in zip(*(path[:-1] for path in split), strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    names: list[str] = []
    files: set[str] = set()
    folders: set[str] = set()
    for path in split:
        name = "/".join(component(part) for part in path[shared:])
        if files & set(_folders(name)):  # only where different names became the same
            name = name.replace("/", "_")
        wanted, number = name, 1
        while name in files or name in folders:
            number += 1
            name = _numbered(wanted, number)
        names.append(name)
        files.add(name)
        folders.update(_folders(name))
    return tuple(names)


def _folders(name: str) -> list[str]:
    """The folders that a path goes through."""
    return [name[:place] for place, letter in enumerate(name) if letter == "/"]


def _numbered(name: str, number: int) -> str:
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return f"{folder}{slash}" + component(f"{stem} ({number}){dot}{suffix}")


def _grants(source: Source, rule: PlacementRule, zone: str, owner: str, group: str) -> tuple[Grant, ...]:
    levels: dict[str, str] = {}
    if group:
        levels[group] = {MAY_READ: "read", MAY_WRITE: "write"}[source.members_may]
    for template, level in (rule.acl or {}).items():
        name = fill(template, source, zone, owner)
        if name:
            levels[name] = level
    levels[owner] = "own"
    return tuple(Grant(name, level) for name, level in levels.items())


def _avus(source: Source, rule: PlacementRule, zone: str, user: str) -> tuple[Avu, ...]:
    avus = {
        Avu(name, value)
        for name, template in (rule.avus or {}).items()
        for value in fill_each(template, source, zone, user)
    }
    if rule.facts:
        avus |= {Avu(rule.facts + fact.name, fact.value, fact.units) for fact in facts_of(source)}
    return tuple(sorted(avu for avu in avus if not why_unstorable(avu.value)))

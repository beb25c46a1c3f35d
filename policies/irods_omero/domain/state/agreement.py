"""What both sides said when they last agreed: the base of the three-way merge, kept in an AVU."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from irods_omero.domain.state.decoding import number_of, text_of, texts_of, time_of
from irods_omero.domain.state.omero_first.relocation import DIGITS, PlaceDigests
from irods_omero.domain.state.omero_first.rights import NOTHING, Grant, Rights
from irods_omero.domain.state.one_copy.eviction import Eviction
from irods_omero.domain.state.one_copy.managed_files import FINGERPRINT_DIGITS
from irods_omero.domain.state.texts import MAXIMUM_BYTES, printable
from irods_omero.domain.state.unit import MAXIMUM_CHECKSUM, Content
from irods_omero.domain.state.views import Avu

VERSION = "1"

REASON_BYTES = 300
"""At most this many bytes of a reason are remembered."""

UNTOLD = "no reason was given"

LONGEST = MAXIMUM_BYTES - 10
"""At most this many bytes has an agreement: the index of a PostgreSQL catalog takes a little less than the column."""

AgreedValues = tuple[tuple[str, tuple[str, ...]], ...]
"""Mapped attributes that have agreed values, each by its name in agreements with its values, all of it sorted.

Long values are digests.
"""


Answered = tuple[tuple[str, int], ...]
"""Request words, each with a time in seconds since 1970; sorted."""

CONTENT = "content"
OUTSIDE = "outside"
UNDER_WAY = "under way"


class AgreementError(ValueError):
    """An agreement AVU that this version cannot read; says why."""


@dataclass(frozen=True)
class Failure:
    """An import that failed.

    Attributes:
        attempts: The number of attempts.
        at: Time of the last one, seconds since 1970.
        reason: What went wrong.
        content: What could not be imported.
        kind: ``CONTENT`` where OMERO can make no images of the bytes, ``OUTSIDE`` where the cause lies outside the unit
            (an account, a target, a full disk), ``UNDER_WAY`` of an attempt of which nobody knows yet how it ends.
        setting: The circumstances that the attempt was made in: in others it is made anew.
    """

    attempts: int
    at: int
    reason: str
    content: Content | None = None
    kind: str = CONTENT
    setting: str = ""

    def encoded(self) -> list[Any]:
        """As a list that JSON can hold."""
        content = self.content.encoded() if self.content else None
        return [self.attempts, self.at, self.reason, content, self.kind, self.setting]

    @staticmethod
    def decoded(value: Any) -> Failure:
        """The inverse of ``encoded``."""
        attempts, at, reason, content, *others = value
        kind, setting = map(text_of, others or (CONTENT, ""))
        failed_content = Content.decoded(content) if content else None
        reason = _reason(reason) or UNTOLD
        return Failure(max(number_of(attempts), 1), number_of(at), reason, failed_content, kind, setting)


class Moving(NamedTuple):
    """A request that has several data objects moved.

    Attributes:
        objects: How many that were when it was asked for.
        size: Their bytes.
        left: How many were left when movements were queued last.
        at: Since when no fewer are left, seconds since 1970.
    """

    objects: int
    size: int
    left: int
    at: int


class Verified(NamedTuple):
    """Bytes that were compared: those of the zone and those that OMERO has.

    Attributes:
        checksum: Of the content in the zone.
        files: What OMERO's database said of its files, as ``fingerprint`` gives it: it must not change.
        at: When, seconds since 1970.
    """

    checksum: str
    files: str
    at: int = 0


@dataclass(frozen=True)
class Agreement:
    """What was agreed about a unit.

    Attributes:
        content: The content that was imported, None before that.
        fileset: OMERO id, None before the import.
        group: OMERO id of the group that its images are in.
        gone: The fileset was deleted in OMERO: not imported again unless the content changes.
        tier: Name of the tier.
        since: Since when, as shown to users.
        request: The pending request, empty for none.
        beside: The one that stands beside it, and goes on when it is answered; empty for none.
        moves: How often a movement was queued for it.
        asked: Since when it is pending, seconds since 1970.
        queued: When a movement was queued for it last, seconds since 1970.
        moving: How far it has come, where it has several data objects moved; None elsewhere.
        refused: Why the last request was refused, empty when it was not.
        no_import: Why the last request for an import was refused, empty when it was not.
        anew: What has changed since the import is to be imported, as somebody has asked for it.
        unshown: The pending request is not shown in OMERO, which refuses it: that it is not there cancels nothing.
        answered: Request words of which OMERO would not have the tags taken away, each with the time of its last tag,
            seconds since 1970: these tags ask for nothing more.
        refusals_told: What was to be done and was refused, for people; empty for nothing.
        failure: Of the last import, None when it went well.
        verified: What was compared of the content, None where nothing was.
        evicted: Since when OMERO has no copies of the files because it needs none; None while it has them.
        to_move: Its copies are to go as soon as they may: a rule has moved it to iRODS, and nobody has asked for them.
        in_place: The resource on which OMERO's own files were registered, where a rule has done so; empty elsewhere.
        shared: What these copies share their blocks with, as ``sharing`` gives it; empty for nothing.
        linked: The vaults that links of ours in OMERO's repository lead into, as digests of their directories; noted
            before there are any.
        copy_failure: Of the last attempt to remove, compare, link, share or bring back copies; None when it went well.
        attributes: The agreed values of mapped attributes.
        missing: Values of such attributes that OMERO leads and would not take: tried again, and removed by nobody.
        held: Removals of mapped values, or of all images, wait for a person to decide about them.
        unplaced: Its images were in no dataset, or its plates in no screen.
        rights: What the rule gave to whom, where it came through OMERO first; None elsewhere.
        collection: Digest of the path of the collection that carries what is agreed, too; empty for none.
        members: Digest of the data objects of a directory that carry what is agreed; empty where nothing is agreed.
        places: Where the agent put it, where it came through OMERO first; several while it is on its way.
        notes: Values that lost a conflict, as ``attribute: value (why)``.
    """

    content: Content | None = None
    fileset: int | None = None
    group: int | None = None
    gone: bool = False
    tier: str = ""
    since: str = ""
    request: str = ""
    beside: str = ""
    moves: int = 0
    asked: int = 0
    queued: int = 0
    moving: Moving | None = None
    refused: str = ""
    no_import: str = ""
    anew: bool = False
    unshown: bool = False
    answered: Answered = ()
    refusals_told: str = ""
    failure: Failure | None = None
    verified: Verified | None = None
    evicted: Eviction | None = None
    to_move: bool = False
    in_place: str = ""
    shared: str = ""
    linked: tuple[str, ...] = ()
    copy_failure: Failure | None = None
    attributes: AgreedValues = ()
    missing: AgreedValues = ()
    held: bool = False
    unplaced: bool = False
    rights: Rights | None = None
    collection: str = ""
    members: str = ""
    places: PlaceDigests = ()
    notes: tuple[str, ...] = ()

    @property
    def stands_since(self) -> int:
        """Since when nothing has come of the pending request, seconds since 1970."""
        return max(self.asked, self.moving.at if self.moving else 0)

    @property
    def names(self) -> frozenset[str]:
        """The names by which it remembers mapped attributes."""
        return frozenset(name for name, _ in self.attributes)

    def values(self, attribute: str) -> frozenset[str]:
        """The agreed values of a mapped attribute, by its name in agreements."""
        return frozenset(dict(self.attributes).get(attribute, ()))


NOTHING_AGREED = Agreement()


def encode(agreement: Agreement) -> str:
    """The agreement as compact JSON that fits into an AVU.

    Notes are dropped, oldest first, when it would be too long.

    Raises:
        AgreementError: When it is too long even without notes: too many mapped values.
    """
    text = _dump(agreement)
    while len(text.encode()) > LONGEST and agreement.notes:
        agreement = replace(agreement, notes=agreement.notes[1:])
        text = _dump(agreement)
    if len(text.encode()) > LONGEST:
        raise AgreementError(f"the agreed values take more than {LONGEST} bytes: map fewer or shorter ones")
    return text


def _dump(agreement: Agreement) -> str:
    fields: dict[str, Any] = {
        "c": agreement.content.encoded() if agreement.content else None,
        "fs": agreement.fileset,
        "grp": agreement.group,
        "gone": agreement.gone,
        "tier": agreement.tier,
        "since": agreement.since,
        "req": agreement.request,
        "beside": agreement.beside,
        "moves": agreement.moves or None,
        "asked": agreement.asked or None,
        "queued": agreement.queued or None,
        "moving": list(agreement.moving) if agreement.moving else None,
        "refused": agreement.refused,
        "noimp": agreement.no_import,
        "anew": agreement.anew,
        "unshown": agreement.unshown,
        "answered": dict(agreement.answered),
        "undone": agreement.refusals_told,
        "fail": agreement.failure.encoded() if agreement.failure else None,
        "ver": list(agreement.verified) if agreement.verified else None,
        "evicted": agreement.evicted.encoded() if agreement.evicted else None,
        "mv": agreement.to_move,
        "inpl": agreement.in_place,
        "shared": agreement.shared,
        "linked": list(agreement.linked),
        "cfail": agreement.copy_failure.encoded() if agreement.copy_failure else None,
        "attr": {name: list(values) for name, values in agreement.attributes if values},
        "miss": {name: list(values) for name, values in agreement.missing if values},
        "held": agreement.held,
        "unplaced": agreement.unplaced,
        "acl": _encoded_rights(agreement.rights) if agreement.rights else None,
        "coll": agreement.collection,
        "files": agreement.members,
        "place": list(agreement.places),
        "notes": list(agreement.notes),
    }
    kept = {key: value for key, value in fields.items() if value or (value == 0 and value is not False)}
    return json.dumps(kept, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def decode(text: str, version: str = VERSION) -> Agreement:
    """Read an agreement AVU.

    Args:
        text: The value of the AVU.
        version: Its units.

    Raises:
        AgreementError: When it is not one: edited by hand, or written by a newer version.
    """
    if version != VERSION:
        raise AgreementError(f"it has version {version!r}, this program reads version {VERSION!r}")
    try:
        return _load(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AgreementError(f"it is not an agreement: {error}") from error


def read(avus: Iterable[Avu]) -> tuple[Agreement, tuple[Avu, ...]]:
    """What was agreed, and the AVUs to remove: those that cannot be read, and all but the first of those that can.

    Where nothing can be read the merge goes on without a base, which loses nothing.
    """
    agreement, strays = None, []
    for avu in sorted(avus):
        try:
            decoded = decode(avu.value, avu.units)
        except AgreementError:
            strays.append(avu)
            continue
        if agreement is None:
            agreement = decoded
        else:
            strays.append(avu)
    return agreement or NOTHING_AGREED, tuple(strays)


def _load(fields: Any) -> Agreement:
    if not isinstance(fields, dict):
        raise TypeError("not a JSON object")
    return Agreement(
        content=Content.decoded(fields["c"]) if "c" in fields else None,
        fileset=number_of(fields["fs"]) if "fs" in fields else None,
        group=number_of(fields["grp"]) if "grp" in fields else None,
        gone=bool(fields.get("gone", False)),
        tier=text_of(fields.get("tier", "")),
        since=time_of(fields.get("since", "")),
        request=text_of(fields.get("req", "")),
        beside=text_of(fields.get("beside", "")),
        moves=number_of(fields.get("moves", 0)),
        asked=number_of(fields.get("asked", 0)),
        queued=number_of(fields.get("queued", 0)),
        moving=_moving(fields["moving"]) if "moving" in fields else None,
        refused=_reason(fields.get("refused", "")),
        no_import=_reason(fields.get("noimp", "")),
        anew=bool(fields.get("anew", False)),
        unshown=bool(fields.get("unshown", False)),
        answered=tuple(sorted((text_of(word), number_of(time)) for word, time in fields.get("answered", {}).items())),
        refusals_told=_reason(fields.get("undone", "")),
        failure=Failure.decoded(fields["fail"]) if "fail" in fields else None,
        verified=_verified(fields["ver"]) if "ver" in fields else None,
        evicted=Eviction.decoded(fields["evicted"]) if "evicted" in fields else None,
        to_move=bool(fields.get("mv", False)),
        in_place=text_of(fields.get("inpl", "")),
        shared=text_of(fields.get("shared", ""))[:FINGERPRINT_DIGITS],
        linked=tuple(text[:FINGERPRINT_DIGITS] for text in texts_of(fields.get("linked", []))),
        copy_failure=Failure.decoded(fields["cfail"]) if "cfail" in fields else None,
        attributes=_attributes(fields.get("attr", {})),
        missing=_attributes(fields.get("miss", {})),
        held=bool(fields.get("held", False)),
        unplaced=bool(fields.get("unplaced", False)),
        collection=text_of(fields.get("coll", "")),
        members=text_of(fields.get("files", "")),
        rights=_rights(fields["acl"]) if "acl" in fields else None,
        places=tuple(sorted(text[:DIGITS] for text in texts_of(fields.get("place", [])))),
        notes=texts_of(fields.get("notes", [])),
    )


def _moving(value: Any) -> Moving:
    objects, size, left, at = map(number_of, value)
    return Moving(objects, size, left, at)


def _verified(value: Any) -> Verified:
    checksum, files, at = (*value, 0)[:3]  # before it was noted when, nobody knows
    return Verified(text_of(checksum)[:MAXIMUM_CHECKSUM], text_of(files)[:FINGERPRINT_DIGITS], number_of(at))


LETTERS = {"read": "r", "write": "w", "own": "o", NOTHING: "-"}
"""Levels of access as agreements have them."""


def _encoded_rights(rights: Rights) -> list[Any]:
    grants: dict[str, str] = {}
    for name, level in rights.grants:
        grants[name] = grants.get(name, "") + LETTERS[level]
    return [rights.owner, rights.group, grants]


def _rights(value: Any) -> Rights:
    owner, group, grants = value
    levels = {letter: level for level, letter in LETTERS.items()}
    known = {Grant(text_of(name), levels[letter]) for name, letters in grants.items() for letter in text_of(letters)}
    return Rights(number_of(owner), number_of(group), tuple(sorted(known)))


def _attributes(fields: Any) -> AgreedValues:
    return tuple(
        sorted((text_of(name), tuple(sorted(set(texts_of(values))))) for name, values in fields.items() if values)
    )


def _reason(value: Any) -> str:
    return printable(text_of(value), REASON_BYTES)

"""What the decisions depend on besides the two views: the administrator's choices, as plain values."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from irods_omero.domain.state.avu_units import is_template, joined, split
from irods_omero.domain.state.formats.file_rule import OwnRules
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.tiers import Tiers
from irods_omero.domain.state.zone_key import ZoneKey
from irods_omero.vocabulary import Names

Translations = tuple[tuple[str, str], ...]
"""Values of the zone, each with the text that OMERO shows for it."""

BOTH = "both"
TO_OMERO = "to-omero"
TO_IRODS = "to-irods"

NEVER = "never"
WITH_TIER = "with-tier"
"""When OMERO's copies are removed."""

EVERYBODY = "*"
"""In the place of an iRODS user: all for whom nothing else is said."""

STAR = "*"
"""At the end of an attribute and of a key: the rest of the name, which is the same on both sides."""


DOUBLINGS = 10
"""The time between two attempts is doubled at most this often."""

SEPARATOR = "#"
"""Between an attribute and the digest of its place, in agreements."""


@dataclass(frozen=True)
class MappedAttribute:
    """An AVU attribute of data objects that is a tag or a key in OMERO.

    Attributes:
        avu: The attribute in iRODS, or the start of many with a star at the end.
        place: Where its values are in OMERO; a key that ends with a star where the attribute does.
        direction: ``both``, ``to-omero`` or ``to-irods``.
        single: Whether there is at most one value.
        winner: ``irods`` or ``omero``: whose value stands when both sides changed a single value.
        values: Values that are other texts in OMERO.
        units: What the units of its AVUs are in OMERO. A template with ``{value}`` and ``{unit}``: part of the text.
            Another text: not shown, and all AVUs have these or none. Empty: not shown, and an edit keeps them.
    """

    avu: str
    place: Place
    direction: str = BOTH
    single: bool = False
    winner: str = "irods"
    values: Translations = ()
    units: str = ""

    @property
    def remembered_as(self) -> str:
        """Its name in agreements, which depends on the place: what was agreed about another one is no base.

        Otherwise an administrator who maps an attribute to another place would seem to have removed all values.
        """
        return f"{self.avu}{SEPARATOR}{zlib.crc32(':'.join(self.place).encode()):08x}"

    @property
    def is_many(self) -> bool:
        """Whether it stands for many attributes."""
        return self.avu.endswith(STAR)

    def covers(self, attribute: str) -> bool:
        """Whether an attribute of the zone is this one, or one of those that it stands for."""
        return _covers(self.avu, attribute)

    def covers_place(self, place: Place) -> bool:
        """Whether a place in OMERO is that of this attribute, or of one of those that it stands for."""
        if not self.is_many or place[:2] != self.place[:2]:
            return place == self.place
        return _covers(self.place.name, place.name)

    def for_attribute(self, attribute: str) -> MappedAttribute:
        """The mapping of one covered attribute of the zone: this one, or one of the many that this one stands for."""
        if not self.is_many:
            return self
        rest = attribute[len(self.avu) - 1 :]
        return replace(self, avu=attribute, place=self.place._replace(name=self.place.name[:-1] + rest))

    def attribute_at(self, place: Place) -> str:
        """The attribute of the zone for a covered place in OMERO."""
        return self.avu[:-1] + place.name[len(self.place.name) - 1 :] if self.is_many else self.avu

    @property
    def shows_units(self) -> bool:
        """Whether units are part of the texts in OMERO."""
        return is_template(self.units)

    @property
    def fixed_units(self) -> str:
        """The only units that its AVUs have, empty where they may have any."""
        return "" if self.shows_units else self.units

    def in_omero(self, value: str, units: str = "") -> str:
        """The text in OMERO of an AVU, or of a text from there; values are compared and remembered in this form."""
        text = dict(self.values).get(value, value) if self.values else value
        return joined(self.units, text, units) if self.shows_units and units else text

    def in_zone(self, text: str, known: Collection[str] = ()) -> tuple[str, str]:
        """Value and units of the AVU for a text from OMERO, where no AVU shows that text already.

        Args:
            text: The text.
            known: Units of AVUs that are changed into this one.
        """
        if self.shows_units:
            return split(self.units, text, known)
        return self.value_of(text), self.fixed_units

    def value_of(self, text: str) -> str:
        """The value in the zone of a text without units."""
        return {shown: value for value, shown in self.values}.get(text, text) if self.values else text


def avu_remembered(name: str) -> str:
    """The AVU attribute of a mapped attribute, from its name in agreements."""
    return name.rpartition(SEPARATOR)[0]


def _covers(pattern: str, name: str) -> bool:
    if not pattern.endswith(STAR):
        return name == pattern
    return name.startswith(pattern[:-1]) and len(name) >= len(pattern)


@dataclass(frozen=True)
class Policy:
    """The administrator's choices.

    Attributes:
        zone: Name of the zone.
        server: Name of the OMERO server, the units of ids in the zone.
        tiers: The zone's tiers.
        names: The AVU attributes of this installation.
        web: Address of OMERO.web without a trailing slash, empty for none.
        attempts: How often an import or a movement is tried.
        settle: Seconds for which a data object must not have been written to before it is imported.
        backoff: Seconds before a second attempt; twice as long before each further one.
        users: The OMERO user for an iRODS user, where the names differ; ``*`` stands for all others.
        attributes: The mapped attributes; no two of them cover the same attribute or the same place.
        has_repository: Whether the agent sees OMERO's managed repository.
        evict: When OMERO's copies are removed: ``never``, or ``with-tier`` when their tier is offline.
        most_bytes: How many bytes of copies OMERO is to have at most, None for any number.
        verify_days: For how many days what was compared counts, None for ever.
        shares: Root resources with whose files OMERO's copies can share blocks.
        links: Root resources to whose files OMERO's places are linked, where the files are such that a link lasts.
        identity: What tells the zone from others of its name, see ``ZoneKey``; empty while it has none.
        unidentified: The greatest OMERO id of a fileset that was there when the zone got it.
        own_rules: Which files belong together at this site, before what holds everywhere.
        zarr: Template of the address at which OMERO reads OME-Zarr; empty where it cannot.
        asks: Whether a unit of several that has changed is imported anew only if somebody asks for it.
        most_queued: Of how many data objects of one unit movements wait in the delay queue at a time.
    """

    zone: str
    server: str
    tiers: Tiers
    names: Names = field(default_factory=Names)
    web: str = ""
    attempts: int = 3
    backoff: float = 60.0
    settle: float = 0.0
    attributes: tuple[MappedAttribute, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    has_repository: bool = False
    evict: str = NEVER
    most_bytes: int | None = None
    verify_days: int | None = None
    shares: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    identity: str = ""
    unidentified: int = 0
    own_rules: OwnRules = ()
    zarr: str = ""
    asks: bool = False
    most_queued: int = 1000

    @cached_property
    def zone_key(self) -> ZoneKey:
        """The name of the zone in keys."""
        return ZoneKey(self.zone, self.identity, self.unidentified)

    @property
    def removes_copies(self) -> bool:
        """Whether copies are ever removed."""
        return self.evict == WITH_TIER or self.most_bytes is not None or bool(self.links)

    def omero_user(self, owner: str) -> str:
        """Login name of the OMERO user who stands for an iRODS user."""
        return self.users.get(owner) or self.users.get(EVERYBODY) or owner

    def mapping_of(self, attribute: str) -> MappedAttribute | None:
        """The mapping of an attribute of the zone, None where it is not mapped."""
        return self._by_attribute.get(attribute) or next((each for each in self._many if each.covers(attribute)), None)

    def mapping_at(self, place: Place) -> MappedAttribute | None:
        """The mapping of a place in OMERO, None where nothing is mapped to it."""
        return self._by_place.get(place) or next((each for each in self._many if each.covers_place(place)), None)

    def mapped(self, attributes: Iterable[str], places: Iterable[Place]) -> list[MappedAttribute]:
        """The attributes to merge: all that are mapped by name, and those mapped with a star that either side has."""
        named = [mapping for mapping in self.attributes if not mapping.is_many]
        many = {attribute for attribute in attributes if self._is_of_many(self.mapping_of(attribute))}
        for place in places:
            mapping = self.mapping_at(place)
            if mapping is not None and mapping.is_many:
                many.add(mapping.attribute_at(place))
        covered = (mapping.for_attribute(name) for name in sorted(many) if (mapping := self.mapping_of(name)))
        return [*named, *covered]

    @cached_property
    def _by_attribute(self) -> dict[str, MappedAttribute]:
        return {mapping.avu: mapping for mapping in self.attributes if not mapping.is_many}

    @cached_property
    def _by_place(self) -> dict[Place, MappedAttribute]:
        return {mapping.place: mapping for mapping in self.attributes if not mapping.is_many}

    @cached_property
    def _many(self) -> tuple[MappedAttribute, ...]:
        return tuple(mapping for mapping in self.attributes if mapping.is_many)

    @staticmethod
    def _is_of_many(mapping: MappedAttribute | None) -> bool:
        return mapping is not None and mapping.is_many

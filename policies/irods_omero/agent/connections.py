"""Both sides, as the agent works with them: the connections and what is done over them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from irods_omero.agent.activity import Activity
from irods_omero.agent.brake import Brake
from irods_omero.agent.formats.manifests import Manifests
from irods_omero.agent.formats.ome_names import OmeNames
from irods_omero.agent.residency_commands import programs_of
from irods_omero.domain.rules.omero_first.placement import PlacementRule
from irods_omero.domain.state.places import OWN_PLACES, ReadScope
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.zone_key import ZoneKey
from irods_omero.gateways.omero.annotations import AnnotationWriter
from irods_omero.gateways.omero.importer import Importer
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.session import OmeroSession
from irods_omero.gateways.omero.tags import Tags
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.home import home_of
from irods_omero.gateways.zone.side_by_side import SideBySide
from irods_omero.gateways.zone.watched import TierLook, read_tiers
from irods_omero.gateways.zone.zone_identity import read_zone_key
from irods_omero.settings import AttributeSettings, Settings, parse_shards
from irods_omero.settings.import_settings import ASK
from irods_omero.settings.omero_first import rules_of
from irods_omero.vocabulary import REQUESTS, SHARDS, TIER_GROUP, Names


class Connections:
    """The connections of one agent to both sides, its settings, and what it tells of itself."""

    def __init__(self, settings: Settings, activity: Activity | None = None) -> None:
        """``activity`` is that of the agent, where this is for another of its threads."""
        self.settings = settings
        self.names = Names(settings.prefix)
        self.shards = parse_shards(settings.agent.shards)
        self.zone = ZoneConnection(settings.zone)
        self.side_by_side = SideBySide(self.zone)
        self.omero = OmeroConnection(settings.omero)
        self.activity = activity or Activity()
        self.token = uuid4().hex[:8]
        """Tells these, and those of other threads, from those of others in this process."""
        self.ome_names = OmeNames()
        self.manifests = Manifests()
        # What is deleted by thousands is spread over all shards, and so over all agents.
        self.brake = Brake(settings.safety.removals * len(self.shards) / SHARDS)
        self.repository = Repository(settings.omero.repository) if settings.omero.repository else None
        self.programs = programs_of(settings)
        self._people = People(self.omero)
        self._others: list[Connections] = []
        self._zone_key: ZoneKey | None = None

    @property
    def home(self) -> str:
        """The collection on which the agents keep what they have to remember."""
        return home_of(self.zone)

    @property
    def zone_key(self) -> ZoneKey:
        """The name of the zone in keys; without an identity as long as no agent was ever started.

        Raises:
            IdentityError: What the zone says of its identity is none.
        """
        if self._zone_key is None:
            zone_key = read_zone_key(self.zone, self.names, self.home)
            if not zone_key.identity:
                return zone_key
            self._zone_key = zone_key
        return self._zone_key

    def another(self) -> Connections:
        """The same for another thread; left together with these."""
        self._others.append(other := Connections(self.settings, self.activity))
        other.brake, other.token = self.brake, self.token
        other.programs = self.programs  # which hold up a few threads of the whole agent, and no more
        return other

    def start_anew(self) -> None:
        """Leave both sides; the next call connects again."""
        self._zone_key = None
        self.side_by_side.close()
        self.omero.close()
        self._people = People(self.omero)

    def writers(self) -> tuple[AnnotationWriter, Importer]:
        """What writes to OMERO, with an empty memory of tags: users may have deleted some."""
        tags = Tags()
        return AnnotationWriter(self._people, tags), Importer(self.omero.service, self._people, tags)

    def acting_as(self, user: int, group: int) -> OmeroSession:
        """A session as an OMERO user in a group, both by id."""
        return self._people.acting_as(user, group)

    def placement_rules(self) -> list[PlacementRule]:
        """Where filesets go that came through OMERO first, in the order of the configuration."""
        return rules_of(self.settings.omero_first, self.settings.omero.repository)

    def attributes(self) -> list[str]:
        """The AVU attributes that decisions rest on."""
        names = self.names
        own = [names.unit, names.fileset, names.image, names.url, names.request, names.agreement, names.error]
        return [*own, TIER_GROUP, *self.residencies(), *(mapped.avu for mapped in self.settings.attributes)]

    def residencies(self) -> list[str]:
        """The AVU attributes by which the site says where the bytes of data objects really are."""
        return sorted({tier.residency for tier in self.settings.tiers.values() if tier.residency})

    def scope(self) -> ReadScope:
        """What decisions rest on of what images carry."""
        return ReadScope(
            places=(*OWN_PLACES, *(mapped.place for mapped in self.settings.attributes)),
            words=REQUESTS if self.settings.omero.adopt_typed_tags else (),
        )

    def policy(self) -> Policy:
        """The administrator's choices, with the tier groups as the zone has them now."""
        settings, key = self.settings, self.zone_key
        looks = {
            resource: TierLook(
                name=tier.name or resource,
                offline=tier.offline,
                recall_hours=tier.recall_hours,
                most_objects=tier.most_objects,
                residency=tier.what_says(),
                access_hours=tier.access_hours,
            )
            for resource, tier in settings.tiers.items()
        }
        return Policy(
            zone=settings.zone.name,
            server=settings.omero.name,
            tiers=read_tiers(self.zone, looks),
            names=self.names,
            web=settings.omero.web,
            attempts=settings.imports.attempts,
            backoff=settings.imports.backoff_seconds,
            settle=settings.imports.settle_seconds,
            attributes=tuple(map(mapped_attribute, settings.attributes)),
            users=settings.omero.users,
            has_repository=settings.omero.repository is not None,
            evict=settings.cache.evict,
            most_bytes=settings.cache.most_bytes,
            verify_days=settings.cache.verify_days,
            shares=frozenset(settings.cache.share),
            links=frozenset(settings.cache.link),
            identity=key.identity,
            unidentified=key.unidentified,
            own_rules=settings.imports.own_rules(),
            zarr=settings.omero.zarr,
            asks=settings.imports.changes == ASK,
            most_queued=settings.agent.batch,
        )

    def __enter__(self) -> Connections:
        return self

    def close(self) -> None:
        """Leave both sides."""
        for other in self._others:
            other.close()
        self.side_by_side.close()
        self.omero.close()

    def __exit__(self, *_: Any) -> None:
        self.close()


def mapped_attribute(settings: AttributeSettings) -> MappedAttribute:
    """A mapped attribute as decisions know it."""
    return MappedAttribute(
        avu=settings.avu,
        place=settings.place,
        direction=settings.direction,
        single=settings.single,
        winner=settings.winner,
        values=tuple(settings.values.items()),
        units=settings.units or "",
    )

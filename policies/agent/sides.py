"""Both sides, as the agent works with them: the connections and what is done over them."""

from __future__ import annotations

from typing import Any

from policies.domain.places import KEY, REQUEST_TAGS, TAG, TAG_SET, TIER_TAGS
from policies.domain.policy import MappedAttribute, Policy
from policies.gateways.omero.annotating import Annotating
from policies.gateways.omero.connection import OmeroConnection
from policies.gateways.omero.importing import Importing
from policies.gateways.omero.people import People
from policies.gateways.omero.reading import Looked
from policies.gateways.omero.tags import Tags
from policies.gateways.zone.connection import ZoneConnection
from policies.gateways.zone.watching import TierLook, read_tiers
from policies.settings import AttributeSettings, Settings, parse_shards
from policies.vocabulary import OBJECT_NAMESPACE, TIER_GROUP, Names


class Sides:
    """The two connections of one agent, and its settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = Names(settings.prefix)
        self.shards = parse_shards(settings.agent.shards)
        self.zone = ZoneConnection(settings.zone)
        self.omero = OmeroConnection(settings.omero)
        self._people = People(self.omero, settings.omero.users)

    def start_anew(self) -> None:
        """Leave both sides; the next call connects again."""
        self.zone.close()
        self.omero.close()
        self._people = People(self.omero, self.settings.omero.users)

    def tools(self) -> tuple[Annotating, Importing]:
        """What writes to OMERO, with an empty memory of tags: users may have deleted some."""
        tags = Tags()
        return Annotating(self._people, tags), Importing(self.omero.service, self._people, tags)

    def attributes(self) -> list[str]:
        """The AVU attributes that decisions rest on."""
        names = self.names
        own = [names.unit, names.fileset, names.image, names.url, names.request, names.agreement, names.error]
        return [*own, TIER_GROUP, *(mapped.avu for mapped in self.settings.attributes)]

    def looked(self) -> Looked:
        """What decisions rest on of what images carry."""
        places = [TIER_TAGS, REQUEST_TAGS, *(mapped.place for mapped in self.settings.attributes)]
        keys = {place.namespace for place in places if place.kind == KEY}
        return Looked(
            tags=tuple(place.namespace for place in places if place.kind == TAG),
            tag_sets=tuple(place.name for place in places if place.kind == TAG_SET),
            pairs=(OBJECT_NAMESPACE, *sorted(keys)),
        )

    def policy(self) -> Policy:
        """The administrator's choices, with the tier groups as the zone has them now."""
        settings = self.settings
        looks = {resource: TierLook(tier.name or resource, tier.offline) for resource, tier in settings.tiers.items()}
        return Policy(
            zone=settings.zone.name,
            server=settings.omero.name,
            tiers=read_tiers(self.zone, looks),
            names=self.names,
            web=settings.omero.web,
            attempts=settings.imports.attempts,
            backoff=settings.imports.backoff_seconds,
            attributes=tuple(map(mapped_attribute, settings.attributes)),
        )

    def __enter__(self) -> Sides:
        return self

    def __exit__(self, *_: Any) -> None:
        self.zone.close()
        self.omero.close()


def mapped_attribute(settings: AttributeSettings) -> MappedAttribute:
    """A mapped attribute as decisions know it."""
    return MappedAttribute(
        avu=settings.avu,
        place=settings.place,
        direction=settings.direction,
        single=settings.single,
        winner=settings.winner,
        values=tuple(settings.values.items()),
    )

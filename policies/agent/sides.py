"""Both sides, as the agent works with them: the connections and what is done over them."""

from __future__ import annotations

from typing import Any

from policies.domain.policy import MappedAttribute, Policy
from policies.gateways.omero.annotating import Annotating
from policies.gateways.omero.connection import OmeroConnection
from policies.gateways.omero.importing import Importing
from policies.gateways.omero.people import People
from policies.gateways.omero.tags import Tags
from policies.gateways.zone.connection import ZoneConnection
from policies.gateways.zone.watching import TierLook, read_tiers
from policies.settings import Settings, parse_shards
from policies.vocabulary import REQUEST_NAMESPACE, TIER_GROUP, TIER_NAMESPACE, Names


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

    def namespaces(self) -> list[str]:
        """The namespaces of tags that decisions rest on."""
        return [TIER_NAMESPACE, REQUEST_NAMESPACE, *(mapped.tag_namespace for mapped in self.settings.attributes)]

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
            attributes=tuple(MappedAttribute(**mapped.model_dump()) for mapped in settings.attributes),
        )

    def __enter__(self) -> Sides:
        return self

    def __exit__(self, *_: Any) -> None:
        self.zone.close()
        self.omero.close()

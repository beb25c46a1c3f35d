"""Gathers all the facts."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from irods_omero.doctor.facts.probe import probe
from irods_omero.doctor.facts.records import Facts, ForeignFacts, OmeroFacts, SignIn, ZoneFacts
from irods_omero.doctor.facts.server_facts import observe_file, observe_server
from irods_omero.doctor.facts.web_facts import observe_web
from irods_omero.doctor.facts.zone_facts import observe_causes, observe_overlaps, observe_zone
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.sign_in import is_encrypted, is_this_machine, scheme_of, uses_legacy_calls
from irods_omero.install import omero_client
from irods_omero.install.distribution import examples, installed_version
from irods_omero.settings import Settings, ZoneSettings
from irods_omero.settings.omero_first import rules_of
from irods_omero.vocabulary import Names


def observe(settings: Settings, policy: Path, etc: Path, trying: bool, web: bool) -> Facts:
    """Observe everything.

    Args:
        settings: The configuration.
        policy: The file that it was read from.
        etc: Where an iRODS server on this machine has its configuration.
        trying: Whether to try the hooks, which writes to the zone.
        web: Whether to open OMERO.web.
    """
    with ZoneConnection(settings.zone) as connection:
        zone = observe_zone(settings, connection)
        causes = () if zone.unreachable else observe_causes(settings, connection)
        overlaps = () if zone.unreachable else observe_overlaps(settings, connection)
    omero = _omero(settings, trying)
    names = Names(settings.prefix)
    roots = [root for root in zone.roots if root.owner] if trying else []
    named = [settings.zone.password_file, settings.omero.password_file]
    named += [path for webhook in settings.notify.webhooks for path in (webhook.url_file, webhook.secret_file)]
    secrets = [path for path in named if path]
    return Facts(
        version=installed_version(),
        me=os.geteuid(),
        server=observe_server(etc),
        policy=observe_file(policy),
        options=sorted(settings.zone.options),
        secrets=[observe_file(Path(path)) for path in secrets],
        sign_in=_sign_in(settings.zone),
        zone=zone,
        probes=[probe(settings.zone, names, root) for root in roots],
        omero=omero,
        foreign=_foreign(settings, zone, omero),
        web=observe_web(settings.omero.web) if web else None,
        tier_names=sorted(settings.tiers),
        limits_cache=settings.cache.most_bytes is not None,
        access_hours={name: tier.access_hours for name, tier in settings.tiers.items() if tier.access_hours},
        residencies={name: tier.residency for name, tier in settings.tiers.items() if tier.residency},
        caches={name: tier.residency_child for name, tier in settings.tiers.items() if tier.residency_child},
        examples=str(examples()),
        now=datetime.now(timezone.utc),
        causes=causes,
        overlaps=overlaps,
        placement=[
            replace(rule, to=rule.to.replace("{zone}", settings.zone.name))
            for rule in rules_of(settings.omero_first, settings.omero.repository)
        ],
        users=settings.omero.users,
    )


def _sign_in(zone: ZoneSettings) -> SignIn:
    return SignIn(scheme_of(zone), is_encrypted(zone), not is_this_machine(zone.host), uses_legacy_calls())


def _foreign(settings: Settings, zone: ZoneFacts, omero: OmeroFacts) -> ForeignFacts | None:
    if zone.unreachable or omero.repository is None or omero.repository.trouble:
        return None
    from irods_omero.doctor.facts.foreign_facts import observe_foreign  # noqa: PLC0415

    return observe_foreign(settings)


def _omero(settings: Settings, trying: bool) -> OmeroFacts:
    """Observe OMERO, if omero-py is there: an iRODS server, which the doctor is for as well, does not need it."""
    try:
        from irods_omero.doctor.facts.omero_facts import observe_omero  # noqa: PLC0415
    except ImportError as error:
        if not omero_client.is_missing(error):
            raise
        return OmeroFacts(unreachable=str(error), no_client=True)
    return observe_omero(settings.omero, trying, settings.cache, bool(settings.omero_first))

"""Gathers all the facts."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from policies.doctor.facts import Facts
from policies.doctor.observing_omero import look_at_omero
from policies.doctor.observing_server import look_at_file, look_at_server
from policies.doctor.observing_zone import look_at_zone
from policies.doctor.probing import probe
from policies.gateways.zone.connection import ZoneConnection
from policies.install.source import installed_version
from policies.settings import Settings
from policies.vocabulary import Names


def observe(settings: Settings, policy: Path, etc: Path, trying: bool) -> Facts:
    """Look at everything.

    Args:
        settings: The configuration.
        policy: The file that it was read from.
        etc: Where an iRODS server on this machine has its configuration.
        trying: Whether to try the hooks, which writes to the zone.
    """
    with ZoneConnection(settings.zone) as connection:
        zone = look_at_zone(settings, connection)
    names = Names(settings.prefix)
    roots = [root for root in zone.roots if root.owner] if trying else []
    secrets = [path for path in (settings.zone.password_file, settings.omero.password_file) if path]
    return Facts(
        version=installed_version(),
        me=os.geteuid(),
        server=look_at_server(etc),
        policy=look_at_file(policy),
        options=sorted(settings.zone.options),
        secrets=[look_at_file(Path(path)) for path in secrets],
        zone=zone,
        probes=[probe(settings.zone, names, root) for root in roots],
        omero=look_at_omero(settings.omero),
        tier_names=sorted(settings.tiers),
        now=datetime.now(timezone.utc),
    )

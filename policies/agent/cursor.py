"""How far this agent has read OMERO's event log, kept as an AVU on the home collection of its account."""

from __future__ import annotations

from irods.models import Collection, CollectionMeta

from policies.agent.sides import Sides
from policies.domain.views import Avu
from policies.gateways.zone.queries import rows
from policies.gateways.zone.writing import set_avu


def _home(sides: Sides) -> str:
    return f"/{sides.settings.zone.name}/home/{sides.settings.zone.user}"


def _attribute(sides: Sides) -> str:
    """One attribute for each agent: each has its own place in the log."""
    return f"{sides.names.cursor}:{sides.settings.omero.name}:{sides.settings.agent.shards}"


def load_cursor(sides: Sides) -> int | None:
    """The last id that was read and followed; None at the first start."""
    conditions = (Collection.name == _home(sides), CollectionMeta.name == _attribute(sides))
    found = rows(sides.zone, "reading the cursor", (CollectionMeta.value,), *conditions)
    numbers = [int(value) for (value,) in found if value.isdecimal()]
    return max(numbers) if numbers else None


def save_cursor(sides: Sides, cursor: int) -> None:
    """Remember that all up to this id was followed."""
    set_avu(sides.zone, _home(sides), Avu(_attribute(sides), str(cursor)), collection=True)

"""Why one unit is as it is: both views, what was agreed, and for each field which rule decided."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from policies.agent.looking import Observer
from policies.agent.reconcile import Drift
from policies.agent.sides import Sides
from policies.domain.decide import decide
from policies.domain.unit import parse_import_key
from policies.errors import RefusedError
from policies.gateways.omero.reading import client_paths, fileset_of_image


def explain(sides: Sides, what: str, clock: Callable[[], float] = time.time) -> Drift:
    """Look at the unit of a data object or image and decide about it, without doing anything.

    Args:
        sides: Both sides.
        what: Logical path, or ``Image:ID``.
        clock: Gives the time, seconds since 1970.

    Raises:
        RefusedError: There is no such thing, or OMERO has the image from elsewhere.
    """
    image = re.fullmatch(r"Image:(\d+)", what)
    data_id = _of_image(sides, int(image[1])) if image else _of_path(sides, what)
    found = Observer(sides, clock).observe([data_id])
    if not found:
        raise RefusedError("explaining", what, f"the data object {data_id} is no longer in the zone")
    (situation,) = found.values()
    return Drift(situation, decide(situation))


def _of_path(sides: Sides, path: str) -> int:
    return int(sides.zone.call("looking for", path, lambda session: session.data_objects.get(path).id))


def _of_image(sides: Sides, image: int) -> int:
    session = sides.omero.service()
    fileset = fileset_of_image(session, image)
    path = client_paths(session, [fileset]).get(fileset, "") if fileset is not None else ""
    key = parse_import_key(path)
    if key is None or key.zone != sides.settings.zone.name:
        raise RefusedError("explaining", f"Image:{image}", "it was not imported from this zone")
    return key.data_id

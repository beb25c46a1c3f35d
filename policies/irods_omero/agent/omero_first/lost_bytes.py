"""Checks whether data that was registered in place has lost its bytes, once its images were deleted in OMERO."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.agent.connections import Connections
from irods_omero.domain.rules.omero_first.in_place import may_be_lost
from irods_omero.domain.state.observation import Observation
from irods_omero.gateways.zone.streaming import can_be_read


def with_lost(connections: Connections, observations: dict[int, Observation]) -> dict[int, Observation]:
    """Add the first data object of each unit that cannot be read any more, where that may be so."""
    for data_id, observation in observations.items():
        paths = (each.path for each in may_be_lost(observation))
        lost = next((path for path in paths if not can_be_read(connections.zone, path)), "")
        observations[data_id] = replace(observation, lost=lost) if lost else observation
    return observations

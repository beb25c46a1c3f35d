"""Writes what was decided about a directory, as AVUs of its files and of its collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from irods_omero.agent.connections import Connections
from irods_omero.agent.directories.directory_assessment import DirectoryAssessment
from irods_omero.domain.rules.directories.directory_decision import DirectoryDecision
from irods_omero.domain.state.unit import BY_AGENT, Unit
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.zone.avus import add_avu, remove_avu, set_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.marks import post
from irods_omero.gateways.zone.member_lists import write_list
from irods_omero.gateways.zone.objects import read_avus, read_objects
from irods_omero.gateways.zone.queries import IDS_A_QUERY
from irods_omero.vocabulary import Names


def carry_out(connections: Connections, look: DirectoryAssessment) -> tuple[int, list[RefusedError]]:
    """Have the files of a directory say what they belong to, or its collection in their name; and what is wrong.

    Args:
        connections: Both sides.
        look: What was decided.

    Returns:
        How many files were marked, as they leave units or lose others to them; and what the zone refused, with
        which it is to be looked at again.

    Raises:
        RefusedError: The zone refuses to say what lies where.
    """
    zone, names = connections.zone, connections.names
    refused = list[RefusedError]()
    for avu, is_new in look.corrections:
        with _noting(refused):
            (add_avu if is_new else remove_avu)(zone, look.path, avu, collection=True)
    for each, (avu, is_new) in look.of_files:
        with _noting(refused):
            (add_avu if is_new else remove_avu)(zone, each.path, avu)
    marked = read_objects(zone, look.to_mark, ())
    for data_id, each in marked.items():
        with _noting(refused):
            post(zone, names, data_id, each.path)
    # The new list before anything else is taken away: until it is whole the files say what they have said.
    for path, wanted in sorted(look.lists.items(), key=lambda one: one[0] != look.path):
        with _noting(refused):
            write_list(zone, names, path, wanted)
    for stray in look.strays:
        with _noting(refused):
            for avu in sorted(avu for avu in stray.avus if avu.attribute == names.unit and avu.units in BY_AGENT):
                remove_avu(zone, stray.path, avu)
    for decision in look.decisions:
        if decision.unit:
            with _noting(refused):
                _unite(connections, decision.unit, decision)
    return len(marked), refused


def _unite(connections: Connections, unit: Unit, decision: DirectoryDecision) -> None:
    """Have data objects say that they are a unit; where a list says so, that they say nothing by themselves."""
    zone, names, joining = connections.zone, connections.names, decision.joining
    say: Callable[[ZoneConnection, DataObject], None] = partial(_say_unit, names, unit)
    if decision.is_listed:
        own = dict[int, frozenset[Avu]]()
        for chunk in in_batches([each.data_id for each in joining if each.values(names.unit)], IDS_A_QUERY):
            own |= read_avus(zone, chunk, [names.unit])
        joining = tuple(each for each in joining if each.data_id in own)
        say = partial(_say_nothing, own)
    # The first comes last: nobody believes what is united by half.
    connections.side_by_side.each((each for each in joining if each.data_id != unit.data_id), say)
    for first in (each for each in joining if each.data_id == unit.data_id):
        say(zone, first)


def _say_unit(names: Names, unit: Unit, zone: ZoneConnection, data_object: DataObject) -> None:
    """Have a data object say that it belongs to a unit, and to no other."""
    avu = Avu(names.unit, str(unit.data_id), unit.kind)
    if data_object.values(names.unit):
        set_avu(zone, data_object.path, avu)
    else:
        add_avu(zone, data_object.path, avu)  # takes half as long


def _say_nothing(own: dict[int, frozenset[Avu]], zone: ZoneConnection, data_object: DataObject) -> None:
    """Have a data object say by itself no longer what it belongs to."""
    for avu in sorted(own[data_object.data_id]):
        remove_avu(zone, data_object.path, avu)


@contextmanager
def _noting(refused: list[RefusedError]) -> Iterator[None]:
    """Do something that may be refused: that is noted, and the rest goes on."""
    try:
        yield
    except RefusedError as error:
        refused.append(error)

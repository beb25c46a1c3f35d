"""What the gateway imports into OMERO with the service account: each unit once, and what is refused leaves nothing."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.unit import Content, import_key
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero import fileset_files, uploading
from irods_omero.gateways.omero.fileset_files import read_files
from irods_omero.gateways.omero.fileset_pages import fileset_pages, filesets_below
from irods_omero.gateways.omero.filesets import client_paths
from irods_omero.gateways.omero.importer import find_existing, half_made
from irods_omero.gateways.omero.session import OmeroSession
from tests.conformance.gateway import ZONE, Agent, opener, wait_for_one_of_another_agent
from tests.conformance.importing import fileset, picture, settings
from tests.conformance.server import ALICE, ANNOTATE, rows
from tests.pictures import lab_book


def test_a_half_made_import_is_cleared_away(agent: Agent) -> None:
    """One fileset per unit in OMERO, never two, and no half-made one left."""
    action = agent.action()
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        process = client.getManagedRepository().importFileset(fileset(action.key + "left"), settings())
        process.getUploader(0).write(b"half", 0, 4)
    (left,) = find_existing(agent.service, action.prefix)
    assert not left.complete
    assert [existing.id for existing in half_made(agent.service, [left.id])] == [left.id]
    agent.importing.bring_in(action, opener(picture()))
    assert [existing.complete for existing in find_existing(agent.service, action.prefix)] == [True]


def test_an_import_that_another_agent_has_left_is_waited_for(agent: Agent) -> None:
    """omero-74: OMERO goes on without its client, and gives the command to whoever joins the session."""
    wait_for_one_of_another_agent(agent)


def test_what_is_imported_after_the_search_is_found_too(agent: Agent) -> None:
    """All client paths are read once for many units; an agent that was killed may leave something later."""
    action = agent.action()
    agent.importing.expect([action.prefix, agent.action().prefix + "another"])
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        client.getManagedRepository().importFileset(fileset(action.key + "left"), settings())
    first = agent.importing.bring_in(action, opener(picture())).fileset
    assert [existing.id for existing in find_existing(agent.service, action.prefix)] == [first]
    agent.importing.expect([action.prefix])
    assert agent.importing.bring_in(action, opener(b"not read")).fileset == first


def test_several_files_are_one_fileset_and_known_again(agent: Agent) -> None:
    """omero-40: files lie in the repository as their client paths say; their bytes tell whether they have changed."""
    paths = ("/zone/home/x/a.ome.tiff", "/zone/home/y/a.ome.tiff")
    files = {paths[0]: picture(), paths[1]: b"companion"}

    def action(modified: int) -> Import:
        content = Content(sum(map(len, files.values())), "", 7, modified)
        return agent.action(paths=paths, content=content, key=import_key(ZONE, agent.data_id, content))

    first = agent.importing.bring_in(action(1), lambda path: BytesIO(files[path]))
    text = (
        "select e.clientPath, o.path, o.name from FilesetEntry e join e.originalFile o where e.fileset.id = :id "
        "order by e.id"
    )
    entries = rows(agent.server.client(ALICE), text, agent.server.within(ANNOTATE), id=first.fileset)
    assert [path for path, _, _ in entries] == [f"{action(1).key}zone/home/{folder}/a.ome.tiff" for folder in "xy"]
    assert [(path.split("/")[-2], name) for _, path, name in entries] == [("x", "a.ome.tiff"), ("y", "a.ome.tiff")]
    touched = agent.importing.bring_in(action(2), lambda path: BytesIO(files[path]))
    assert touched == first
    files[paths[1]] = b"companioN"
    changed = agent.importing.bring_in(action(2), lambda path: BytesIO(files[path]))
    assert changed.earlier == (first.fileset,)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """The first values of the rows of each answer to a query of the gateway."""
    answers: list[list[Any]] = []
    plain = OmeroSession.rows

    def noting(*asked: Any) -> list[list[Any]]:
        answer = plain(*asked)
        answers.append([row[0] for row in answer])
        return answer

    monkeypatch.setattr(OmeroSession, "rows", noting)
    return answers


def left_half_made(agent: Agent, *names: str) -> int:
    """The id of a fileset of some files, of which none was uploaded."""
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        client.getManagedRepository().importFileset(fileset(*names), settings())
    return max(existing.id for existing in find_existing(agent.service, names[0]))


def test_a_fileset_is_found_by_its_first_file_however_many_it_has(agent: Agent, answered: list[list[Any]]) -> None:
    """omero-96: no question for a fileset is answered with a row for each of its files, of which it may have 10,000."""
    names = [f"{agent.action().key}{name}" for name in "bac"]
    left, service, prefix = left_half_made(agent, *names), agent.service, agent.action().prefix
    (existing,) = find_existing(service, prefix)
    assert find_existing(service, "irods/none/", present=left) == [existing]
    assert filesets_below(service, [prefix]) == client_paths(service, [left]) == {left: names[0]}
    assert {left: agent.data_id} in [dict(page) for page in fileset_pages(service, f"{ZONE}/{agent.data_id}")]
    assert max(ids.count(left) for ids in answered) == 1
    agent.importing.clear_away(existing)


def test_the_files_of_filesets_are_read_some_at_a_time_in_their_order(
    agent: Agent, answered: list[list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{agent.action().key}{name}" for name in "bac"]
    several, one = left_half_made(agent, *names), left_half_made(agent, agent.action(2).key)
    monkeypatch.setattr(fileset_files, "MOST_ROWS", 4)
    answered.clear()
    files = [(row.fileset, row.place, row.client_path) for row in read_files(agent.service, [one, several])]
    assert answered == [[several, several, one], [several]]
    assert sorted(files) == [*((several, *each) for each in enumerate(names)), (one, 0, agent.action(2).key)]
    for existing in find_existing(agent.service, agent.action().prefix):
        agent.importing.clear_away(existing)


def test_what_is_no_image_is_refused_and_leaves_nothing(agent: Agent) -> None:
    with pytest.raises(RefusedError):
        agent.importing.bring_in(agent.action(), opener(lab_book()))
    assert find_existing(agent.service, agent.action().prefix) == []


@pytest.mark.parametrize(
    "target",
    [
        Target(existing="Dataset", id=10**9, group=ANNOTATE),
        Target(existing="Screen", id=10**9, group=ANNOTATE),
        Target(dataset="d", group="c-no-such-group"),
    ],
)
def test_a_target_that_does_not_exist_is_refused(agent: Agent, target: Target) -> None:
    with pytest.raises(RefusedError):
        agent.importing.bring_in(agent.action(target=target), opener(picture()))


def test_an_owner_whom_omero_does_not_know_is_refused(agent: Agent) -> None:
    for group in ("", ANNOTATE):
        target = Target(dataset="d", group=group)
        with pytest.raises(RefusedError):
            agent.importing.bring_in(agent.action(user="c-nobody", target=target), opener(picture()))


class Breaking(BytesIO):
    """A file that has the connection to OMERO broken when it is read for the nth time."""

    def __init__(self, content: bytes, session: OmeroSession, nth: int) -> None:
        super().__init__(content)
        self._session = session
        self._left = nth

    def read(self, size: int | None = -1) -> bytes:
        self._left -= 1
        if self._left == 0:
            self._session.client.getSession().ice_getConnection().close(True)
        return super().read(size)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_upload_goes_on_where_the_connection_to_omero_broke(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """omero-106: one import, of which the bytes are read once; of two files, so that one is opened after it broke."""
    monkeypatch.setattr(uploading, "BLOCK", 4096)
    paths = ("/zone/home/a.ome.tiff", "/zone/home/b.txt")
    files, opened = {paths[0]: picture(), paths[1]: b"companion"}, list[str]()
    content = Content(sum(map(len, files.values())), "", 0, 1)
    action = agent.action(paths=paths, content=content, key=import_key(ZONE, agent.data_id, content))

    def open_object(path: str) -> Any:
        opened.append(path)
        session = agent.connection.as_user(ALICE, ANNOTATE)
        return Breaking(files[path], session, nth) if path == paths[0] else BytesIO(files[path])

    first = agent.importing.bring_in(action, open_object).fileset
    assert [(each.id, each.complete) for each in find_existing(agent.service, action.prefix)] == [(first, True)]
    assert opened == list(paths)

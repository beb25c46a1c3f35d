"""Connections that break in the middle of an upload: what the server keeps, and for whom."""

from __future__ import annotations

import time
from typing import Any

import Glacier2
import Ice
import omero
import omero.callbacks
import omero.clients
import pytest
from omero.constants import CLIENTUUID

from tests.conformance.importing import fileset, filesets_of, finish, picture, settings, upload
from tests.conformance.server import ALICE, ANNOTATE, Server

PATIENCE = 60.0


def break_connection(client: Any) -> None:
    """Have the connection of a client end without a word to the server."""
    client.getSession().ice_getConnection().close(True)


def come_back(server: Server, session: str, client_uuid: str = "") -> Any:
    """A client in a session, as soon as the server lets it in: one that another one has left, or a new one."""
    end = time.monotonic() + PATIENCE
    while True:
        client = server.unconnected()
        if client_uuid:
            client.getImplicitContext().put(CLIENTUUID, client_uuid)
        try:
            client.joinSession(session)
        except omero.WrappedCreateSessionException as error:
            if error.type != "Ice.AlreadyRegisteredException" or time.monotonic() > end:
                raise  # the server has not noticed that the connection is gone
        else:
            return client


def join_until_it_ends(server: Server, session: str) -> None:
    """Join a session that goes on until the server notices that its connection is gone."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        come_back(server, session).closeSession()


def over(client: Any, process: Any) -> Any:
    """A process by its identity, over the connection of another client."""
    return type(process).uncheckedCast(client.getCommunicator().stringToProxy(str(process)))


def test_an_upload_goes_on_when_its_connection_broke(server: Server, client_path: str) -> None:
    """omero-106: what is open stays open, and who comes back as the same client may open more, and nobody else."""
    contents = [picture(), b"open", b"not open yet"]
    with server.sudo(ALICE, ANNOTATE) as client:
        session, own = client.getSessionId(), client.getImplicitContext().get(CLIENTUUID)
        made = fileset(*(f"{client_path}{number or ''}" for number in range(len(contents))))
        process = client.getManagedRepository().importFileset(made, settings())
        hashes = [upload(process, 0, contents[0])]
        process.getUploader(1).write(contents[1], 0, 2)
        break_connection(client)
        with pytest.raises((Ice.ConnectionLostException, Ice.ProtocolException)):
            process.getUploadOffset(1)
    other = come_back(server, session)
    assert over(other, process).getUploadOffset(1) == 2
    assert bytes(over(other, process).getUploader(1).read(0, 2)) == b"op"
    assert [over(other, process).getUploader(index) for index in (0, 2)] == [None, None]
    again = come_back(server, session, own)
    process = over(again, process)
    hashes += [upload(process, index, contents[index]) for index in (1, 2)]
    assert process.getUploader(0).size() == len(contents[0])
    response = finish(again, process, hashes)
    assert len(response.pixels) == 1
    other.closeSession()
    again.killSession()


def test_a_client_is_not_let_in_twice(server: Server) -> None:
    """omero-106: the connection that it has may be broken without the server having noticed."""
    client = server.new_client(ALICE)
    twin = server.unconnected()
    twin.getImplicitContext().put(CLIENTUUID, client.getImplicitContext().get(CLIENTUUID))
    with pytest.raises(omero.WrappedCreateSessionException) as caught:
        twin.joinSession(client.getSessionId())
    assert caught.value.type == "Ice.AlreadyRegisteredException"
    client.closeSession()


def test_a_session_by_password_ends_with_its_connection(server: Server) -> None:
    """omero-106: one by sudo does not, as it has a reference of its own."""
    client = server.new_client(ALICE)
    session = client.getSessionId()
    break_connection(client)
    with pytest.raises((Glacier2.PermissionDeniedException, Glacier2.CannotCreateSessionException)):
        join_until_it_ends(server, session)


def test_another_session_does_not_reach_an_upload(server: Server, alice: Any, client_path: str) -> None:
    """omero-106: though ``listImports`` names it."""
    with server.sudo(ALICE, ANNOTATE) as client:
        process = client.getManagedRepository().importFileset(fileset(client_path), settings())
        assert process.ice_getIdentity() in [
            listed.ice_getIdentity() for listed in alice.getManagedRepository().listImports()
        ]
        with pytest.raises(Ice.ObjectNotExistException):
            over(alice, process).getUploader(0)
        process.close()


def test_an_upload_that_is_checked_twice_is_read_twice(alice: Any, client_path: str) -> None:
    """omero-105: so the agent looks for the handle of a first time."""
    content = picture()
    process = alice.getManagedRepository().importFileset(fileset(client_path), settings())
    hashes = [upload(process, 0, content)]
    assert process.getHandle() is None
    handle = process.verifyUpload(hashes)
    assert process.getHandle().ice_getIdentity() == handle.ice_getIdentity()
    callback = omero.callbacks.CmdCallbackI(alice, handle)
    callback.loop(600, 500)
    callback.close(True)
    finish(alice, process, hashes)
    ((_, images),) = filesets_of(alice, client_path)
    assert images == 2

"""What becomes of sudo for a user, or into a group, that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import Ice
import omero
import omero.clients
import pytest

from tests.conformance.server import ALICE, ANNOTATE, ELSEWHERE, Server


def sudo(server: Server, user: str, group: str) -> str:
    """The session of a user in a group, by the service account."""
    sessions = server.client(server.service).getSession().getSessionService()
    made = sessions.createSessionWithTimeouts(omero.sys.Principal(user, group, "User"), 0, 600_000)
    return str(made.uuid.val)


def test_a_user_who_does_not_exist_is_not_found(server: Server) -> None:
    """omero-13: the exception's class says nothing of that, only its text."""
    with pytest.raises(omero.RemovedSessionException, match="Cannot find a user with name c-nobody"):
        sudo(server, "c-nobody", ANNOTATE)


def test_a_group_that_does_not_exist_is_an_error_of_authentication(server: Server) -> None:
    """omero-14: no word of the group."""
    with pytest.raises(omero.AuthenticationException) as caught:
        sudo(server, ALICE, "c-nowhere")
    assert caught.value.reason == "Error creating session."


@pytest.fixture
def stray(server: Server) -> Iterator[Any]:
    """A session of a user in a group that the user is no member of."""
    client = server.unconnected()
    client.joinSession(sudo(server, ALICE, ELSEWHERE))
    yield client
    client.closeSession()


def test_a_group_of_others_is_refused_at_the_first_call(stray: Any) -> None:
    """omero-15: the session is made and joined, and no service can be used in it."""
    with pytest.raises((Ice.UnknownException, omero.SecurityViolation)) as caught:
        stray.getSession().getAdminService().getEventContext()
    assert "SecurityViolation: User" in str(caught.value)
    assert "is not a member of group" in str(caught.value)

"""Sessions: logging in, joining, sudo, and their end."""

from __future__ import annotations

import Glacier2
import Ice
import omero
import omero.clients
import pytest

from lab.omero import LabOmero
from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import query


def test_plain_tcp_and_tls_both_let_in(world: World) -> None:
    for address in (f"ssl://127.0.0.1:{world.lab.port}", f"tcp://127.0.0.1:{world.lab.tcp_port}"):
        client = omero.client(host=address)
        client.createSession("alice", "alice")
        assert client.sf.getAdminService().getEventContext().userName == "alice"
        client.closeSession()


def test_a_wrong_password_is_permission_denied(world: World) -> None:
    for user in ("alice", "nobody"):
        with pytest.raises(Glacier2.PermissionDeniedException, match="Password check failed"):
            world.lab.client(user, "wrong")


def test_a_session_is_known_by_its_user_agent(world: World) -> None:
    client = omero.client(world.lab.host, world.lab.port)
    client.setAgent("irods-omero")
    client.createSession("alice", "alice")
    session = client.sf.getSessionService().getSession(client.getSessionId())
    assert session.userAgent.val == "irods-omero"
    client.closeSession()


def test_a_sudo_session_acts_as_the_user_and_names_who_is_behind(world: World) -> None:
    client = world.sudo("alice", "annotate")
    context = client.sf.getAdminService().getEventContext()
    assert (context.userName, context.groupName, context.sudoerName.val) == ("alice", "annotate", "service")
    assert not context.isAdmin
    session = client.sf.getSessionService().getSession(client.getSessionId())
    assert session.userAgent.val == "OMERO.sudo"
    assert session.sudoer.id.val == world.users["service"]
    client.killSession()


def test_the_context_of_the_sudo_call_names_the_agent(world: World) -> None:
    service = world.client("service").sf.getSessionService()
    principal = omero.sys.Principal("alice", "annotate", "User")
    session = service.createSessionWithTimeouts(principal, 60_000, 0, {"omero.agent": "irods-omero"})
    assert session.userAgent.val == "irods-omero"
    service.closeSession(session)


def test_joining_a_sudo_session_does_not_change_its_agent(world: World) -> None:
    service = world.client("service").sf.getSessionService()
    session = service.createSessionWithTimeouts(omero.sys.Principal("alice", "annotate", "User"), 60_000, 0)
    client = omero.client(world.lab.host, world.lab.port)
    client.setAgent("another")
    client.joinSession(session.uuid.val)
    assert client.sf.getSessionService().getSession(session.uuid.val).userAgent.val == "OMERO.sudo"
    client.closeSession()
    assert service.getReferenceCount(session.uuid.val) == 1, "the one who made it still holds it"
    service.closeSession(session)


def test_only_administrators_and_group_owners_may_sudo(world: World) -> None:
    principal = omero.sys.Principal("bob", "annotate", "User")
    with pytest.raises(omero.SecurityViolation):
        world.client("alice").sf.getSessionService().createSessionWithTimeouts(principal, 1000, 0)
    service = world.client("owner").sf.getSessionService()
    service.closeSession(service.createSessionWithTimeouts(principal, 1000, 0))


def test_two_clients_share_a_session_until_both_have_left(world: World) -> None:
    first = world.lab.client("alice")
    second = omero.client(world.lab.host, world.lab.port)
    second.joinSession(first.getSessionId())
    first.closeSession()
    assert second.sf.getAdminService().getEventContext().userName == "alice"
    uuid = second.getSessionId()
    second.closeSession()
    third = omero.client(world.lab.host, world.lab.port)
    with pytest.raises(Glacier2.PermissionDeniedException):
        third.joinSession(uuid)


def test_a_killed_session_is_gone_for_everybody(world: World) -> None:
    first = world.lab.client("alice")
    second = omero.client(world.lab.host, world.lab.port)
    second.joinSession(first.getSessionId())
    queries = second.sf.getQueryService()
    first.killSession()
    with pytest.raises(Ice.ObjectNotExistException):
        queries.find("Image", 1)
    second.closeSession()


def test_a_session_whose_time_is_over_is_refused(world: World) -> None:
    service = world.client("service").sf.getSessionService()
    session = service.createSessionWithTimeouts(omero.sys.Principal("alice", "annotate", "User"), 1, 0)

    def ask_on() -> None:
        while True:
            service.getSession(session.uuid.val)

    with pytest.raises((omero.SessionTimeoutException, omero.RemovedSessionException)):
        ask_on()


def test_keep_alive_knows_its_own_services(world: World) -> None:
    factory = world.client("alice").sf
    assert factory.keepAlive(factory.getQueryService())
    assert not factory.keepAlive(None)


def test_a_group_that_is_not_the_callers_is_refused(world: World) -> None:
    with pytest.raises(omero.SecurityViolation, match="not a member"):
        query(world.client("stranger"), "select i.id from Image i", world.within("annotate"))


def sudo(world: World, user: str, group: str) -> str:
    service = world.client("service").sf.getSessionService()
    made = service.createSessionWithTimeouts(omero.sys.Principal(user, group, "User"), 60_000, 0)
    return str(made.uuid.val)


def test_sudo_for_nobody_and_into_no_group_is_refused(world: World) -> None:
    """omero-13, omero-14."""
    with pytest.raises(omero.RemovedSessionException, match="Cannot find a user with name nobody"):
        sudo(world, "nobody", "annotate")
    with pytest.raises(omero.AuthenticationException) as caught:
        sudo(world, "alice", "nowhere")
    assert caught.value.reason == "Error creating session."


def test_sudo_into_a_group_of_others_fails_with_the_first_call(world: World) -> None:
    """omero-15: until then the session looks like any other."""
    client = omero.client(world.lab.host, world.lab.port)
    factory = client.joinSession(sudo(world, "stranger", "private"))
    admin = factory.getAdminService()
    with pytest.raises(Ice.UnknownException) as caught:
        admin.getEventContext()
    assert "SecurityViolation: User" in caught.value.unknown
    client.closeSession()


def test_services_that_it_does_not_have_are_refused_by_name(world: World) -> None:
    factory = world.client("alice").sf
    for refused in (factory.createRenderingEngine, factory.createThumbnailStore, factory.getScriptService):
        with pytest.raises(omero.ApiUsageException, match=r"lab OMERO does not offer ServiceFactory\."):
            refused()


def test_sessions_end_and_data_stays_when_the_server_restarts() -> None:
    with LabOmero() as lab:
        client = lab.client()
        port, database = lab.port, client.sf.getConfigService().getDatabaseUuid()
        queries = client.sf.getQueryService()
        lab.stop()
        with pytest.raises(Ice.ConnectionRefusedException):
            queries.find("Image", 1)
        lab.start()
        assert lab.port == port
        with pytest.raises((Ice.ObjectNotExistException, Ice.ConnectionLostException)):
            queries.find("Image", 1)
        again = lab.client()
        assert again.sf.getConfigService().getDatabaseUuid() == database
        again.closeSession()


def test_a_crash_loses_nothing_that_was_saved() -> None:
    with LabOmero() as lab:
        client = lab.client()
        project = omero.model.ProjectI()
        project.name = omero.rtypes.rstring("kept")
        project = client.sf.getUpdateService().saveAndReturnObject(project)
        lab.kill()
        lab.start()
        again = lab.client()
        assert again.sf.getQueryService().get("Project", project.id.val).name.val == "kept"
        again.closeSession()

"""Sessions: logging in, acting as somebody else, and their end."""

from __future__ import annotations

from typing import Any

import Glacier2
import Ice
import omero
import omero.clients
import pytest

from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.login import SERVICE_FRESH_SECONDS, OmeroConnection
from irods_omero.gateways.omero.session import AGENT
from tests.conformance.server import (
    ALICE,
    ANNOTATE,
    BOB,
    ELSEWHERE,
    EVERYWHERE,
    PASSWORD,
    PRIVATE,
    SHARED,
    Server,
    linked,
    named,
    rows,
    save,
    tag,
)


def context_of(client: Any) -> Any:
    return client.getSession().getAdminService().getEventContext()


def test_a_wrong_password_is_permission_denied(server: Server) -> None:
    """omero-55: a wrong password, ``Glacier2.PermissionDeniedException`` from ``omero.client``."""
    for user in (ALICE, "c-nobody"):
        with pytest.raises(Glacier2.PermissionDeniedException):
            server.unconnected().createSession(user, "wrong")


def test_a_quiet_connection_is_kept_for_as_long_as_the_agent_leaves_its_session_alone(server: Server) -> None:
    """omero-98: an upload may take minutes in which the agent's own session has no call."""
    client = server.client(server.service)
    router = client.getRouter(client.getCommunicator())
    assert router.getACMTimeout() == router.getSessionTimeout() > SERVICE_FRESH_SECONDS


def test_the_service_is_an_administrator_who_may_only_sudo(server: Server) -> None:
    """omero-16: a restricted admin that has only the ``Sudo`` privilege."""
    admin = server.client(server.service).getSession().getAdminService()
    assert admin.getEventContext().isAdmin
    assert [privilege.getValue().val for privilege in admin.getCurrentAdminPrivileges()] == ["Sudo"]


def test_a_sudo_session_acts_as_the_user_in_the_group(server: Server) -> None:
    """omero-12: ``createSessionWithTimeouts(Principal(name, group, "User"), ...)``, then ``joinSession(uuid)``."""
    for group in (PRIVATE, ANNOTATE):
        with server.sudo(ALICE, group) as client:
            context = context_of(client)
            project = save(client, named("Project", "by sudo"))
        assert (context.userId, context.groupId) == (server.users[ALICE], server.groups[group])
        assert (context.userName, context.groupName, context.isAdmin) == (ALICE, group, False)
        details = project.details
        assert (details.owner.id.val, details.group.id.val) == (server.users[ALICE], server.groups[group])


def test_a_sudo_session_says_what_members_of_the_group_may(server: Server) -> None:
    """policies/irods_omero/gateways/omero/session.py: whether they may link each other's tags."""
    shares = {}
    for group in server.groups:
        with server.sudo(ALICE, group) as client:
            permissions = context_of(client).groupPermissions
            shares[group] = permissions.isGroupAnnotate() or permissions.isGroupWrite()
    assert {group for group, does in shares.items() if does} == {ANNOTATE, SHARED}


def test_the_context_of_the_sudo_call_names_the_agent(server: Server) -> None:
    """policies/irods_omero/gateways/omero/login.py: by that the event log tells whose events are the agent's own."""
    with server.sudo(ALICE, ANNOTATE, agent=AGENT) as client:
        project = save(client, named("Project", "by the agent"))
    text = "select p.details.creationEvent.session.userAgent from Project p where p.id = :id"
    assert rows(server.client(server.service), text, EVERYWHERE, id=project.id.val) == [[AGENT]]


def test_a_client_names_its_agent(server: Server) -> None:
    client = server.unconnected()
    client.setAgent(AGENT)
    client.createSession(ALICE, PASSWORD)
    project = save(client, named("Project", "by a named client"), server.within(ANNOTATE))
    client.closeSession()
    text = "select p.details.creationEvent.session.userAgent from Project p where p.id = :id"
    assert rows(server.client(server.service), text, EVERYWHERE, id=project.id.val) == [[AGENT]]


def test_users_do_not_sudo(server: Server) -> None:
    sessions = server.client(ALICE).getSession().getSessionService()
    with pytest.raises(omero.ServerError):
        sessions.createSessionWithTimeouts(omero.sys.Principal(BOB, ANNOTATE, "User"), 0, 60_000)


@pytest.mark.parametrize(("user", "group"), [("c-nobody", ANNOTATE), (ALICE, "c-no-such-group"), (ALICE, ELSEWHERE)])
def test_nobody_is_acted_for_where_he_is_not(agent_omero: OmeroConnection, user: str, group: str) -> None:
    """policies/irods_omero/gateways/omero/login.py: refused when there is no such user or group, or he is not in it."""
    with pytest.raises(RefusedError):
        agent_omero.as_user(user, group)


def test_the_gateway_knows_whom_it_acts_for(server: Server, agent_omero: OmeroConnection) -> None:
    session = agent_omero.as_user(ALICE, ANNOTATE)
    assert (session.user, session.name, session.group) == (server.users[ALICE], ALICE, server.groups[ANNOTATE])
    assert session.shares_annotations
    assert not agent_omero.as_user(ALICE, PRIVATE).shares_annotations
    assert agent_omero.as_user(ALICE, ANNOTATE) is session
    assert agent_omero.service().user == server.users[server.service]


def test_a_killed_session_is_over_for_everybody_who_shares_it(server: Server) -> None:
    """omero-52: session closed: ``Ice.ObjectNotExistException``."""
    first, second = server.new_client(ALICE), server.unconnected()
    second.joinSession(first.getSessionId())
    queries = second.getSession().getQueryService()
    assert queries.find("Image", 0) is None
    first.killSession()
    with pytest.raises((Ice.ObjectNotExistException, omero.RemovedSessionException)):
        queries.find("Image", 0)
    second.closeSession()


def test_a_session_that_somebody_left_goes_on_for_the_others(server: Server) -> None:
    first, second = server.new_client(ALICE), server.unconnected()
    second.joinSession(first.getSessionId())
    first.closeSession()
    assert context_of(second).userName == ALICE
    second.closeSession()


def test_an_ended_session_cannot_be_joined(server: Server) -> None:
    client = server.new_client(ALICE)
    uuid = client.getSessionId()
    client.killSession()
    with pytest.raises((Glacier2.PermissionDeniedException, Glacier2.CannotCreateSessionException)):
        server.unconnected().joinSession(uuid)


def test_a_sudo_session_ends_when_nobody_uses_it(server: Server) -> None:
    """omero-12: a total life and an idle time in milliseconds."""
    sessions = server.client(server.service).getSession().getSessionService()
    principal = omero.sys.Principal(ALICE, ANNOTATE, "User")
    made = sessions.createSessionWithTimeouts(principal, 0, 600_000, {"omero.agent": AGENT})
    assert (made.timeToLive.val, made.timeToIdle.val) == (0, 600_000)
    sessions.closeSession(made)


def test_the_service_reads_across_all_groups_and_users_only_their_own(server: Server) -> None:
    """omero-11: crossing groups needs an admin and the call context ``{"omero.group": "-1"}``."""
    images = [save(server.client(ALICE), named("Image", "i"), server.within(group)).id.val for group in server.groups]
    text = "select i.id from Image i where i.id in (:ids) order by i.id"
    for user in (server.service, ALICE):
        assert rows(server.client(user), text, EVERYWHERE, ids=images) == [[image] for image in images]
    assert [images[0]] not in rows(server.client(BOB), text, EVERYWHERE, ids=images), "of a private group"


def test_the_service_writes_nothing_itself(server: Server) -> None:
    """policies/irods_omero/gateways/omero/login.py: what is written is written as the owner of the data."""
    for group in server.groups:
        image = save(server.client(ALICE), named("Image", "i"), server.within(group))
        with pytest.raises(omero.ServerError):
            save(server.client(server.service), linked("ImageAnnotationLink", image, tag("t")), server.within(group))


def test_the_server_says_its_version_and_its_time(server: Server) -> None:
    """policies/irods_omero/doctor."""
    config = server.client(server.service).getSession().getConfigService()
    assert config.getVersion().split(".")[0].isdigit()
    assert config.getServerTime().val > 1_600_000_000_000


def test_the_service_may_have_users_of_a_directory_made_and_others_may_not(server: Server) -> None:
    """omero-81: whatever its privileges; where the server has no directory ``getSetting`` says so."""
    directory = server.client(server.service).getSession().getLdapService()
    assert directory.getSetting() in (True, False)
    with pytest.raises(omero.ValidationException, match="User already exists"):
        directory.createUser("root")
    with pytest.raises(omero.SecurityViolation, match="No matching roles"):
        server.client(ALICE).getSession().getLdapService().createUser("root")

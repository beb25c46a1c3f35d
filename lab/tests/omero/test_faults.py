"""Counting of operations, and disturbances that tests can order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import Glacier2
import Ice
import omero
import pytest

from lab.omero import LabOmero
from lab.tests.omero.helpers import delete, named, query, save, tag


@pytest.fixture(scope="module")
def lab() -> Iterator[LabOmero]:
    with LabOmero() as made:
        yield made


@pytest.fixture
def root(lab: LabOmero) -> Iterator[Any]:
    client = lab.client()
    yield client
    lab.calm()
    client.closeSession()


def projects(client: Any, name: str) -> int:
    return len(query(client, "select p.id from Project p where p.name = :name", name=name))


def test_operations_are_counted_with_what_they_wrote(lab: LabOmero, root: Any) -> None:
    lab.forget_requests()
    query(root, "select p.id from Project p")
    root.sf.getUpdateService().saveArray([tag("a"), tag("b")])
    saved = save(root, named("Project", "counted"))
    delete(root, Project=[saved.id.val])
    counted = [(request.service, request.operation, request.objects, request.user) for request in lab.writes()]
    assert counted == [
        ("IUpdate", "saveArray", 2, "root"),
        ("IUpdate", "saveAndReturnObject", 1, "root"),
        ("ServiceFactory", "submit", 1, "root"),
    ]
    reads = [request for request in lab.requests() if request.operation == "projection"]
    assert [(request.write, request.error, request.session) for request in reads] == [(False, "", root.getSessionId())]


def test_failures_are_counted_with_their_exception(lab: LabOmero, root: Any) -> None:
    lab.forget_requests()
    with pytest.raises(omero.ValidationException):
        save(root, omero.model.ProjectI())
    assert [request.error for request in lab.writes()] == ["ValidationException"]


def test_the_nth_call_fails_and_no_other(lab: LabOmero, root: Any) -> None:
    lab.disturb("saveAndReturnObject", "fail", nth=2, message="as ordered")
    save(root, named("Project", "nth"))
    with pytest.raises(omero.InternalException, match="as ordered"):
        save(root, named("Project", "nth"))
    save(root, named("Project", "nth"))
    assert projects(root, "nth") == 2


def test_a_cut_before_leaves_nothing_and_a_cut_after_leaves_the_write(lab: LabOmero) -> None:
    for action, left in (("cut", 0), ("cut-after", 1)):
        client = lab.client()
        lab.disturb("saveAndReturnObject", action, service="IUpdate")
        with pytest.raises((Ice.ConnectionLostException, Ice.CloseConnectionException, Ice.UnknownLocalException)):
            save(client, named("Project", action))
        lab.calm()
        again = lab.client()
        assert projects(again, action) == left, action
        again.closeSession()


def test_a_login_can_be_made_to_fail(lab: LabOmero, root: Any) -> None:
    lab.disturb("createSession", "fail", service="Router")
    with pytest.raises(Ice.Exception):
        lab.client()
    lab.client().closeSession()


def test_a_server_can_die_within_an_operation() -> None:
    with LabOmero() as lab:
        client = lab.client()
        lab.disturb("saveAndReturnObject", "die")
        # By TLS the client sees the end of the connection as a breach of the protocol.
        with pytest.raises((Ice.ConnectionLostException, Ice.ProtocolException)):
            save(client, named("Project", "never"))
        lab.calm()
        lab.stop()
        lab.start()
        again = lab.client()
        assert projects(again, "never") == 0
        again.closeSession()


def test_a_delay_is_waited_for(lab: LabOmero, root: Any) -> None:
    lab.forget_requests()
    lab.disturb("saveAndReturnObject", "delay", seconds=0.05)
    save(root, named("Project", "late"))
    assert lab.writes()[0].milliseconds >= 50


def test_an_action_that_does_not_exist_is_refused(lab: LabOmero) -> None:
    with pytest.raises(ValueError, match="must be one of fail, delay"):
        lab.disturb("saveArray", "explode")


def test_a_router_without_a_server_refuses_log_ins_and_its_calls_come_to_nothing(lab: LabOmero, root: Any) -> None:
    """omero-54 to omero-56: only the text tells it from a wrong password."""
    with lab.server_down():
        with pytest.raises(Glacier2.PermissionDeniedException) as caught:
            lab.client()
        assert caught.value.reason == "internal server error"
        with pytest.raises(Ice.UnknownLocalException):
            projects(root, "any")
    assert projects(root, "no such project") == 0
    with pytest.raises(Glacier2.PermissionDeniedException) as caught:
        lab.client("root", "wrong")
    assert "Password check failed" in caught.value.reason

"""Calls of administrators: users, groups, resources, zone; and a user's change of password."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.zone import credentials, fresh, wire
from lab.zone.api.registry import Reply, Request, api
from lab.zone.catalog import collections, resources, users
from lab.zone.errors import ZoneError, unsupported
from lab.zone.settings import API_VERSION, RELEASE

if TYPE_CHECKING:
    from lab.zone.agent import Agent

Words = list[str]


class AdminInput:
    """Words: what to do, with what."""

    def __init__(self, request: Request) -> None:
        self.words = [request.body.get(f"arg{place}") for place in range(10)]

    def shown(self) -> Any:
        """The words as hooks see them."""
        return {f"arg{place}": word for place, word in enumerate(self.words)}


@api(701, "general_admin", AdminInput)
def general_admin(agent: "Agent", inp: AdminInput) -> Reply:
    """Do what an administrator wants done."""
    if not agent.client.is_administrator:
        raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", "only administrators may")
    work = _WORK.get((inp.words[0], inp.words[1]))
    if work is None:
        raise unsupported(f"general_admin {inp.words[0]} {inp.words[1]}")
    with agent.store.transaction():
        work(agent, inp.words[2:])
    return Reply()


def _user(agent: "Agent", text: str, zone: str = "") -> users.User:
    name, _, given = text.partition("#")
    return users.need(agent.store, name, given or zone or agent.zone)


def _add_user(agent: "Agent", words: Words) -> None:
    name, _, zone = words[0].partition("#")
    if zone not in ("", agent.zone):
        raise unsupported("users of other zones")
    user = users.add(agent.store, name, words[1], agent.zone)
    if user.kind != users.GROUP:
        fresh.add_home(agent.store, user)


def _add_group(agent: "Agent", words: Words) -> None:
    users.add(agent.store, words[0], users.GROUP, agent.zone)


def _remove_user(agent: "Agent", words: Words) -> None:
    user = _user(agent, words[0])
    for above in ("home", "trash/home"):
        path = f"/{agent.zone}/{above}/{user.name}"
        if collections.find(agent.store, path):
            collections.remove(agent.store, path)
    users.remove(agent.store, user)


def _modify_user(agent: "Agent", words: Words) -> None:
    user, option, value = _user(agent, words[0], words[3]), words[1], words[2]
    if option == "password":
        own = users.password(agent.store, agent.client) or ""
        plain = credentials.unscrambled(value, own, credentials.signature(agent.challenge))
        users.set_password(agent.store, user, plain)
    elif option == "type":
        users.set_kind(agent.store, user, value)
    elif option in ("comment", "info"):
        users.set_text(agent.store, user, option, value)
    else:
        raise unsupported(f"changing the {option} of a user")


def _modify_group(agent: "Agent", words: Words) -> None:
    group, member = _user(agent, words[0]), _user(agent, words[2], words[3])
    if words[1] == "add":
        users.join(agent.store, group, member)
    elif words[1] == "remove":
        users.leave(agent.store, group, member)
    else:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not a change of a group: {words[1]}")


def _add_resource(agent: "Agent", words: Words) -> None:
    resources.add(agent.store, words[0], words[1], words[2], context=words[3], zone=agent.zone)


def _remove_resource(agent: "Agent", words: Words) -> None:
    resource = resources.need(agent.store, words[0])
    if words[1] != "--dryrun":
        resources.remove(agent.store, resource)


def _modify_resource(agent: "Agent", words: Words) -> None:
    resources.modify(agent.store, resources.need(agent.store, words[0]), words[1], words[2])


def _add_child(agent: "Agent", words: Words) -> None:
    parent, child = (resources.need(agent.store, word) for word in words[:2])
    resources.set_parent(agent.store, child, parent, words[2])


def _remove_child(agent: "Agent", words: Words) -> None:
    resources.set_parent(agent.store, resources.need(agent.store, words[1]), None)


_WORK: dict[tuple[str, str], Callable[["Agent", Words], None]] = {
    ("add", "user"): _add_user,
    ("add", "group"): _add_group,
    ("rm", "user"): _remove_user,
    ("rm", "group"): _remove_user,
    ("modify", "user"): _modify_user,
    ("modify", "group"): _modify_group,
    ("add", "resource"): _add_resource,
    ("rm", "resource"): _remove_resource,
    ("modify", "resource"): _modify_resource,
    ("add", "childtoresc"): _add_child,
    ("rm", "childfromresc"): _remove_child,
}


@api(714, "user_admin", AdminInput)
def user_admin(agent: "Agent", inp: AdminInput) -> Reply:
    """A user's change of his own password."""
    if inp.words[0] != "userpw" or inp.words[2] != "password":
        raise unsupported(f"user_admin {inp.words[0]}")
    if inp.words[1] != agent.client.name:
        raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", "a user may change his own password")
    own = users.password(agent.store, agent.client) or ""
    plain = credentials.unscrambled(inp.words[3], own, credentials.signature(agent.challenge))
    users.set_password(agent.store, agent.client, plain)
    return Reply()


@api(700, "get_misc_svr_info", lambda request: request, lambda _: [])
def get_misc_svr_info(agent: "Agent", _: Request) -> Reply:
    """Which server this is."""
    fields: list[tuple[str, str | int]] = [
        ("serverType", 1),
        ("serverBootTime", 0),
        ("relVersion", RELEASE),
        ("apiVersion", API_VERSION),
        ("rodsZone", agent.zone),
    ]
    return Reply(0, wire.pack("MiscSvrInfo_PI", fields))

"""Calls on AVUs, and on the rest of what the catalog says about a data object."""

from typing import TYPE_CHECKING

from lab.zone.api.registry import Reply, Request, api
from lab.zone.catalog import access, replicas
from lab.zone.database.metadata import REMOVALS
from lab.zone.errors import ZoneError, unsupported

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_ARGUMENTS = 10


class AvuInput:
    """Words, of which the first says what to do; None where the client sent none (zone-95)."""

    def __init__(self, request: Request) -> None:
        arguments = [request.body.all(f"arg{place}") for place in range(_ARGUMENTS)]
        self.words = [elements[0].text if elements else None for elements in arguments]
        self.pairs = request.body.pairs()

    def shown(self) -> dict[str, str]:
        """The words as hooks see them: the rule engine does not know the structure."""
        return {f"arg{place}": word for place, word in enumerate(self.words) if word is not None}


@api(706, "mod_avu_metadata", AvuInput)
def mod_avu_metadata(agent: "Agent", inp: AvuInput) -> Reply:
    """Add, set, change, copy or remove AVUs."""
    operation, kind, name = (word or "" for word in inp.words[:3])
    avu = inp.words[3:6]
    static = [word for word in inp.words if word]
    agent.peps.static("acPreProcForModifyAVUMetadata", static)
    if operation == "add":
        agent.metadata.add(kind, name, avu, inp.pairs)
    elif operation == "set":
        agent.metadata.set(kind, name, avu, inp.pairs)
    elif operation in REMOVALS:
        agent.metadata.remove(kind, name, avu, inp.pairs, option=REMOVALS[operation])
    elif operation == "mod":
        agent.metadata.modify(kind, name, inp.words[3:9], inp.pairs)
    elif operation == "cp":
        agent.metadata.copy((kind, name), (inp.words[3] or "", inp.words[4] or ""), inp.pairs)
    else:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"not an AVU operation: {operation}")
    agent.peps.static("acPostProcForModifyAVUMetadata", static)
    return Reply()


_ADMIN = "irodsAdmin"
_OWNER = {"dataOwner": "data_owner_name", "dataOwnerZone": "data_owner_zone"}
_OF_A_REPLICA = {"dataAccessTime": "access_ts"}
"""What a client can change of the rows of a data object, and of one of them, by its keyword, and the columns."""


class ObjectChange:
    """A change of the catalog's rows of a data object."""

    def __init__(self, request: Request) -> None:
        info = request.body.sub("DataObjInfo_PI")
        self.path, self.changes = info.get("objPath"), request.body.pairs()
        self.number = info.get("replNum")

    def shown(self) -> dict[str, str]:
        """The input as hooks see it."""
        return {"objPath": self.path, **self.changes}


@api(622, "mod_data_obj_meta", ObjectChange)
def mod_data_obj_meta(agent: "Agent", inp: ObjectChange) -> Reply:
    """Change the owner that the catalog shows of all replicas, or the access time of one (zone-107).

    The admin keyword counts beside what is changed, and not beside the path, where python-irodsclient puts its options
    (zone-77).
    """
    changes = {name: value for name, value in inp.changes.items() if name not in ("all", _ADMIN)}
    columns = _OWNER if "all" in inp.changes else _OF_A_REPLICA
    others = changes.keys() - columns.keys()
    if others:
        raise unsupported(f"mod_data_obj_meta of {', '.join(sorted(others))}")
    own = replicas.need(agent.store, inp.path)
    agent.check_access(own[0].data_id, access.WRITE, _ADMIN in inp.changes, inp.path)
    which = None if "all" in inp.changes else next(each for each in own if str(each.data_repl_num) == inp.number)
    agent.objects.modify(inp.path, {columns[name]: value for name, value in changes.items()}, changes, which)
    return Reply()

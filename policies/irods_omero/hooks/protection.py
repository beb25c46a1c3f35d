"""Keeps ordinary users from writing the AVUs of this policy, by every call that a client can make.

They may put a request on data objects and collections, and say on collections what is to be imported, when it is
complete and where to. Everything else of
this policy on data objects and collections is the agent's: an attempt to add, set, modify, copy or remove it is refused
with a reason. Administrators pass, and so does the mark of a hook, which is written with the rights of the client.
`"watch": {"protect": false}` in the policy file turns this off.

Covered are imeta, python-irodsclient and all others that use these API calls, AVUs that come with a put, and the
microservice msiModAVUMetadata in users' rules. Not covered is msi_atomic_apply_metadata_operations in users' rules,
which fires no event at all: a site where users may write rules should not give them this microservice.
"""

from irods_omero.hooks import arguments, catalog, marking, watching
from irods_omero.hooks.adapter import NO_PERMISSION, Refused, hook
from irods_omero.hooks.metadata import ENTITY_TYPES, EXACT, KINDS
from irods_omero.vocabulary import PENDING, REQUESTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

    from irods_omero.hooks.event import HookEvent
    from irods_omero.vocabulary import Names

BY_PATTERN = 1

WITH_PUT = "metadataIncluded"
"""The keyword under which a put brings AVUs: attribute, value and units in turn, separated by semicolons."""


@hook
def pep_database_add_avu_metadata_pre(event: "HookEvent") -> None:
    """An AVU is to be added."""
    check(event, KINDS.get(event.text(3)), event.text(5), event.text(6))


@hook
def pep_database_set_avu_metadata_pre(event: "HookEvent") -> None:
    """An AVU is to be set."""
    check(event, KINDS.get(event.text(3)), event.text(5), event.text(6))


@hook
def pep_database_add_avu_metadata_wild_pre(event: "HookEvent") -> None:
    """An AVU is to be added to many data objects."""
    check(event, KINDS.get(event.text(3)), event.text(5), event.text(6))


@hook
def pep_database_mod_avu_metadata_pre(event: "HookEvent") -> None:
    """An AVU is to be replaced by another: refused here or not at all, or half of the replacement would remain."""
    kind, attribute = KINDS.get(event.text(3)), event.text(5)
    changes = [event.text(index) for index in range(7, 11)]
    names = [part[2:] for part in changes if part.startswith("n:") and part != "n:"]
    values = [part[2:] for part in changes if part.startswith("v:") and part != "v:"]
    check(event, kind, attribute, None)
    for name in names or (attribute,):
        check(event, kind, name, values[0] if values else event.text(6))


@hook
def pep_database_del_avu_metadata_pre(event: "HookEvent") -> None:
    """AVUs are to be removed: by name, by a pattern, or by the id of the AVU."""
    option, kind, attribute = int(event.args[3]), KINDS.get(event.text(4)), event.text(6)
    if option == EXACT:
        check(event, kind, attribute, None)
    elif option == BY_PATTERN:
        for name in event.settings.names.kept:
            if matches(attribute, name):
                check(event, kind, name, None)
    elif kind is not None and is_checked(event):
        check(event, kind, catalog.attribute_of(event.callback, kind, arguments.identifier(attribute)) or "", None)


@hook
def pep_database_copy_avu_metadata_pre(event: "HookEvent") -> None:
    """All AVUs of one object are to be copied to another."""
    source, target = KINDS.get(event.text(3)), KINDS.get(event.text(4))
    if source is not None and is_checked(event):
        identifier = catalog.id_of(event.callback, source, event.text(5))
        if identifier:
            for name in catalog.own_attributes(event.callback, source, identifier, event.settings.names.prefix):
                check(event, target, name, None)
        elif watching.is_below(event, event.text(6)):
            refuse(event, "what AVUs {} has cannot be seen".format(arguments.plain(event.text(5))))


@hook
def pep_api_atomic_apply_metadata_operations_pre(event: "HookEvent") -> None:
    """Several AVUs are to be changed at once."""
    if is_checked(event):
        buffer = event.args[2]
        operations = operations_in(b"" if buffer is None else bytes(buffer.get_bytes()))
        if operations is None:
            refuse(event, "these metadata operations cannot be read")
        for kind, attribute, value in operations or ():
            check(event, kind, attribute, value)


@hook
def pep_api_data_obj_put_pre(event: "HookEvent") -> None:
    """A data object is to be put, and may bring AVUs."""
    check_brought(event, event.args[2])


@hook
def pep_api_data_obj_open_pre(event: "HookEvent") -> None:
    """A data object is to be opened, and may bring AVUs for when it is closed."""
    check_brought(event, event.args[2])


@hook
def pep_api_data_obj_create_pre(event: "HookEvent") -> None:
    """A data object is to be created, and may bring AVUs for when it is closed."""
    check_brought(event, event.args[2])


@hook
def pep_api_replica_open_pre(event: "HookEvent") -> None:
    """A replica is to be opened, and may bring AVUs for when it is closed."""
    check_brought(event, event.args[2])


@hook
def pep_api_data_obj_repl_pre(event: "HookEvent") -> None:
    """A replica is to be made, and may bring AVUs."""
    check_brought(event, event.args[2])


@hook
def pep_api_data_obj_copy_pre(event: "HookEvent") -> None:
    """A data object is to be copied, and may bring AVUs."""
    check_brought(event, event.args[2].destDataObjInp)
    check_brought(event, event.args[2].srcDataObjInp)


def operations_in(text: bytes) -> "Optional[List[Tuple[Optional[str], str, Optional[str]]]]":
    """The kind, attribute and new value of each operation; None for a request that only the server may understand."""
    try:
        request = arguments.document(text)
        kind = ENTITY_TYPES.get(request["entity_type"])
        return [
            (kind, str(one["attribute"]), str(one["value"]) if one["operation"] == "add" else None)
            for one in request["operations"]
        ]
    except Exception:
        return None


def check_brought(event: "HookEvent", data_object: "Any") -> None:
    """Refuse AVUs that a put brings along and that its client may not write."""
    conditions = data_object.condInput
    if arguments.has(conditions, WITH_PUT):
        parts = triples(conditions[WITH_PUT] or "")
        for attribute, value in zip(parts[0::3], parts[1::3]):  # noqa: B905 - Python 3.6 has no strict
            check(event, catalog.DATA_OBJECT, attribute, value)


def triples(text: str) -> "List[str]":
    """The parts of a list with semicolons between them; a backslash makes the next character an ordinary one."""
    parts = [""]
    characters = iter(text)
    for character in characters:
        if character == ";":
            parts.append("")
        else:
            parts[-1] += next(characters, "") if character == "\\" else character
    return parts


def check(event: "HookEvent", kind: "Optional[str]", attribute: str, value: "Optional[str]") -> None:
    """Refuse to write (or, without a value, to remove) an AVU that is not for this client to change."""
    names = event.settings.names
    if not names.is_ours(attribute) or not is_checked(event):
        return
    if marking.pen.is_writing and attribute in (names.sync, names.gather) and value == PENDING:
        return
    if kind == catalog.COLLECTION and attribute in (names.import_, names.target, names.complete):
        return
    if kind in (catalog.DATA_OBJECT, catalog.COLLECTION) and attribute == names.request:
        if value is None or value in REQUESTS:
            return
        refuse(event, "{} can be {}".format(attribute, ", ".join(REQUESTS)))
    refuse(event, what_is_wrong_with(names, attribute))


def what_is_wrong_with(names: "Names", attribute: str) -> str:
    """Why users cannot write an AVU, and which they can: most attributes that nobody knows are slips of the pen."""
    on_collections = (names.import_, names.target, names.complete)
    if attribute in names.kept:
        return "{} is kept by the OMERO policy and cannot be changed by users".format(attribute)
    if attribute in on_collections:
        return "{} is for collections".format(attribute)
    known = "{} on collections, and {} on these and on data objects".format(", ".join(on_collections), names.request)
    return "{} is no AVU of the OMERO policy: users set {}".format(arguments.plain(attribute), known)


def is_checked(event: "HookEvent") -> bool:
    """Whether this client may not write every AVU."""
    return event.settings.protect and not event.is_by_administrator()


def refuse(event: "HookEvent", reason: str) -> None:
    """Keep the client from what it is about to do, and tell it why."""
    try:  # noqa: SIM105 - contextlib is one more import
        event.callback.msiExit(str(NO_PERMISSION), reason)
    except Exception:  # noqa: S110 - it always raises, after having put the reason on the client's error stack
        pass
    raise Refused(reason)


def matches(pattern: str, name: str) -> bool:
    """Whether a name is like a pattern of SQL."""
    reached = {0}
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            reached = set(range(min(reached), len(name) + 1))
            continue
        wanted = next(characters, "") if character == "\\" else character
        is_any = character == "_"
        reached = {at + 1 for at in reached if at < len(name) and (is_any or name[at] == wanted)}
        if not reached:
            return False
    return len(name) in reached

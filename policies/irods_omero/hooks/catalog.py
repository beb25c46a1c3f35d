"""Asks the catalog from inside a hook: what answers one page at most, by msiExecStrCondQuery(query, GenQueryOut).

It asks by ids where it can, as the query language has no way to quote what a path may contain. msiObjStat would take
any path, but leaves a line on the client's error stack where there is nothing that the client may see.
"""

from irods_omero.hooks.arguments import identifier
from irods_omero.vocabulary import PENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

DATA_OBJECT = "-d"
COLLECTION = "-C"

# A query over data objects names the collection, too: in a ticket session the server adds a condition on it, and
# refuses the query (-806000) if nothing else needs the table.
PENDING_ON = {
    DATA_OBJECT: (
        "select DATA_ID, COLL_ID where DATA_ID = '{}' and META_DATA_ATTR_NAME = '{}' and META_DATA_ATTR_VALUE = '{}'"
    ),
    COLLECTION: "select COLL_ID where COLL_ID = '{}' and META_COLL_ATTR_NAME = '{}' and META_COLL_ATTR_VALUE = '{}'",
}
OWN_ON = {
    DATA_OBJECT: "select META_DATA_ATTR_NAME, COLL_ID where DATA_ID = '{}' and META_DATA_ATTR_NAME like '{}::%'",
    COLLECTION: "select META_COLL_ATTR_NAME where COLL_ID = '{}' and META_COLL_ATTR_NAME like '{}::%'",
}
NAME_OF_AVU = {
    DATA_OBJECT: "select META_DATA_ATTR_NAME where META_DATA_ATTR_ID = '{}'",
    COLLECTION: "select META_COLL_ATTR_NAME where META_COLL_ATTR_ID = '{}'",
}
SAID_ABOVE = (
    "select COLL_NAME, META_COLL_ATTR_VALUE, META_COLL_ATTR_UNITS "
    "where COLL_NAME parent_of '{}' and META_COLL_ATTR_NAME = '{}'"
)
PENDING_AT = (
    "select COLL_ID, COLL_NAME where COLL_NAME = '{}' and META_COLL_ATTR_NAME = '{}' and META_COLL_ATTR_VALUE = '{}'"
)
BY_PATH = {
    DATA_OBJECT: "select DATA_ID, COLL_NAME, DATA_NAME where COLL_NAME {} and DATA_NAME {}",
    COLLECTION: "select COLL_ID, COLL_NAME where COLL_NAME {}",
}

ANY_CHARACTER = "_"
UNQUOTABLE = dict.fromkeys([ord(character) for character in "'\"\\\\%|&;`"] + list(range(32)) + [127], ANY_CHARACTER)


def rows(callback: "Any", columns: int, query: str) -> "List[List[str]]":
    """The rows of a query whose answer fits on one page, each a list of texts."""
    import irods_types  # type: ignore[import-not-found] # noqa: PLC0415 - there is none outside the server

    out = callback.msiExecStrCondQuery(query, irods_types.GenQueryOut())["arguments"][1]
    return [[str(out.sqlResult[column].row(row)) for column in range(columns)] for row in range(out.rowCnt)]


def path_of_object(callback: "Any", data_id: str) -> "Optional[str]":
    """The path of a data object; None if it does not exist."""
    names = rows(callback, 2, "select COLL_NAME, DATA_NAME where DATA_ID = '{}'".format(data_id))
    return "/".join(names[0]) if names else None


def path_of_collection(callback: "Any", collection_id: str) -> "Optional[str]":
    """The path of a collection; None if it does not exist."""
    names = rows(callback, 1, "select COLL_NAME where COLL_ID = '{}'".format(collection_id))
    return names[0][0] if names else None


def id_of(callback: "Any", kind: str, path: str) -> "Optional[str]":
    """The id of a data object or collection; None if there is none that the client may see, or this is no path."""
    if not path.startswith("/"):
        return None
    names = path.rsplit("/", 1) if kind == DATA_OBJECT else [path]
    catalog_rows = rows(callback, len(names) + 1, BY_PATH[kind].format(*[condition(name) for name in names]))
    return next((identifier(row[0]) for row in catalog_rows if row[1:] == names), None)


def condition(text: str) -> str:
    """A condition that holds for a text; for others, too, if there is something in it that cannot be quoted."""
    pattern = text.translate(UNQUOTABLE)
    for word in (" and ", " AND "):
        pattern = pattern.replace(word, ANY_CHARACTER + word[1:])
    return "{} '{}'".format("=" if pattern == text else "like", pattern)


def is_quotable(path: str) -> bool:
    """Whether a path can be written in a query as it is."""
    return condition(path).startswith("=")


def said_above(callback: "Any", collection: str, attribute: str) -> "List[List[str]]":
    """What a collection and those above it say, as far as the client may see: path, value and units of each AVU."""
    return rows(callback, 3, SAID_ABOVE.format(collection, attribute))


def is_pending_at(callback: "Any", collection: str, attribute: str) -> bool:
    """Whether the mark is on the collection that has this path now."""
    return bool(rows(callback, 1, PENDING_AT.format(collection, attribute, PENDING)))


def is_pending(callback: "Any", kind: str, entity: str, attribute: str) -> bool:
    """Whether the mark is there already."""
    return bool(rows(callback, 1, PENDING_ON[kind].format(entity, attribute, PENDING)))


def own_attributes(callback: "Any", kind: str, entity: str, prefix: str) -> "List[str]":
    """Which attributes of this policy a data object or collection has."""
    return [row[0] for row in rows(callback, 1, OWN_ON[kind].format(entity, prefix))]


def attribute_of(callback: "Any", kind: str, avu_id: str) -> "Optional[str]":
    """The attribute of an AVU that is named by its id."""
    names = rows(callback, 1, NAME_OF_AVU[kind].format(avu_id))
    return names[0][0] if names else None

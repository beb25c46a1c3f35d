"""Asks the catalog from inside a hook, by ids only: the query language has no way to quote what a path may contain.

Three microservices do it: msiExecStrCondQuery(query, GenQueryOut) for queries that answer one page at most, msiObjStat
(path, RodsObjStat) for the id of what is known by its path, and msiModAVUMetadata, with which `marking` writes.
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
NOT_THERE = "[iRods__Error__Code:-310000]"


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


def id_of(callback: "Any", path: str) -> "Optional[str]":
    """The id of a data object or collection, if it is there; not by a query, since the path may contain anything."""
    import irods_types  # noqa: PLC0415

    try:
        status = callback.msiObjStat(path, irods_types.RodsObjStat())["arguments"][1]
    except RuntimeError as failure:
        if NOT_THERE in str(failure):
            return None
        raise
    return identifier(status.dataId)


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

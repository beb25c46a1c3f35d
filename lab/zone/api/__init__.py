"""The API calls that the zone answers, by number."""

from lab.zone.api import (
    administration,
    atomic,
    authentication,
    collections,
    contents,
    descriptors,
    metadata,
    movements,
    newer_queries,
    queries,
    rules,
)
from lab.zone.api.registry import APIS, NAMES, Api, Reply, Request, title

__all__ = [
    "APIS",
    "NAMES",
    "Api",
    "Reply",
    "Request",
    "administration",
    "atomic",
    "authentication",
    "collections",
    "contents",
    "descriptors",
    "metadata",
    "movements",
    "newer_queries",
    "queries",
    "rules",
    "title",
]

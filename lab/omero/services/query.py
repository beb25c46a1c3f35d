"""The query service."""

from __future__ import annotations

from typing import Any

import omero
from omero.rtypes import unwrap

from lab.omero import errors
from lab.omero.hql.nodes import ShortInteger
from lab.omero.loading import Loader
from lab.omero.model import entity
from lab.omero.servants import Call

Given = dict[str, Any]


def parameters_of(given: Any) -> Given:
    """Return the plain values of a client's parameters."""
    if given is None or given.map is None:
        return {}
    return {name: _plain(value) for name, value in given.map.items()}


def _plain(given: Any) -> Any:
    if given is None:
        raise errors.unknown("ApiUsageException", "Parameter argument may not be null.")
    if isinstance(given, omero.RCollection):
        return [_plain(member) for member in given.val or []]
    if isinstance(given, omero.RInt):
        return ShortInteger(given.val)
    value = unwrap(given)
    if value is None:
        raise errors.unknown("ApiUsageException", "Parameter argument may not be null.")
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, (int, float, str)) else int(value.id.val)


def page_of(given: Any) -> tuple[int | None, int | None]:
    """Return offset and limit of a client's parameters."""
    filtered = getattr(given, "theFilter", given) if given is not None else None
    offset, limit = (getattr(filtered, name, None) for name in ("offset", "limit"))
    return offset.val if offset is not None else None, limit.val if limit is not None else None


class QueryService:
    """Answers queries in HQL and the simple ones by class and id."""

    def get(self, call: Call, name: str, identity: int) -> Any:
        instance = self.find(call, name, identity)
        if instance is None:
            raise errors.unavailable(entity(name).java, identity)
        return instance

    def find(self, call: Call, name: str, identity: int) -> Any:
        known = entity(name)
        return self._unique(call, f"select o from {known.name} o where o.id = :id", {"id": identity}, None)

    def findAll(self, call: Call, name: str, page: Any) -> Any:
        return self._all(call, f"select o from {entity(name).name} o order by o.id", {}, page)

    def findByString(self, call: Call, name: str, field: str, value: str) -> Any:
        query = f"select o from {entity(name).name} o where o.{field} = :value"
        return self._unique(call, query, {"value": value}, None)

    def findAllByString(  # noqa: PLR0917
        self, call: Call, name: str, field: str, value: str, case_sensitive: bool, page: Any
    ) -> Any:
        if case_sensitive:
            tested, wanted = f"o.{field} = :value", value
        else:
            tested, wanted = f"lower(o.{field}) = :value", value.lower()
        query = f"select o from {entity(name).name} o where {tested} order by o.id"
        return self._all(call, query, {"value": wanted}, page)

    def findByQuery(self, call: Call, query: str, parameters: Any) -> Any:
        return self._unique(call, query, parameters_of(parameters), parameters)

    def findAllByQuery(self, call: Call, query: str, parameters: Any) -> Any:
        return self._all(call, query, parameters_of(parameters), parameters)

    def projection(self, call: Call, query: str, parameters: Any) -> Any:
        with call.host.store.reading():
            loader = Loader(call.host.store, call.caller, query, parameters_of(parameters))
            return loader.rows(*page_of(parameters))

    def refresh(self, call: Call, instance: Any) -> Any:
        return self.get(call, type(instance).__name__.removesuffix("I"), instance.id.val)

    def _all(self, call: Call, query: str, given: Given, page: Any) -> list[Any]:
        with call.host.store.reading():
            return Loader(call.host.store, call.caller, query, given).objects(*page_of(page))

    def _unique(self, call: Call, query: str, given: Given, page: Any) -> Any:
        objects = self._all(call, query, given, page)
        if any(other is not objects[0] for other in objects[1:]):
            raise errors.api_usage(
                f"Query named:\n\n\t{query}\n\nhas returned more than one Object\n"
                "findBy methods must return a single value.\n"
                "Please try findAllBy methods for queries which return Lists."
            )
        return objects[0] if objects else None

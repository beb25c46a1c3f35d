"""Faults on order: the Nth call of an API is cut off, delayed or refused, once."""

import time
from typing import NamedTuple

from lab.zone.catalog.store import CatalogStore
from lab.zone.errors import ZoneError
from lab.zone.wire import DisconnectedError


class ZoneFault(NamedTuple):
    """What is to go wrong with a call."""

    action: str
    code: int
    seconds: float
    moment: str


def order(store: CatalogStore, api: str, nth: int, fault: ZoneFault, user: str = "") -> None:
    """Have the nth call of an API from now on (by a user, or by anybody) go wrong."""
    store.write("insert into fault values (null, ?, ?, ?, ?, ?, ?, ?)", api, user, nth, *fault)


def due(store: CatalogStore, api: str, user: str) -> ZoneFault | None:
    """The fault that this call has, if it has one."""
    if store.row("select 1 from fault limit 1") is None:
        return None
    with store.transaction():
        store.write("update fault set countdown = countdown - 1 where api = ? and (user = '' or user = ?)", api, user)
        row = store.row(
            "select fault_id, action, code, seconds, moment from fault where countdown <= 0 and api = ?", api
        )
        if row is None:
            return None
        store.write("delete from fault where fault_id = ?", row[0])
    return ZoneFault(*row[1:])


def strike(fault: ZoneFault | None, moment: str) -> None:
    """Cut the connection or wait, if that is what the fault is and its moment has come."""
    if fault is None or fault.moment != moment:
        return
    if fault.action == "cut":
        raise DisconnectedError("a fault on order")
    if fault.action == "delay":
        time.sleep(fault.seconds)


def refuse(fault: ZoneFault | None) -> None:
    """Fail the call, if that is what the fault is."""
    if fault is not None and fault.action == "fail":
        raise ZoneError(fault.code, "a fault on order")

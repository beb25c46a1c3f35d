"""The configuration service and the service of enumerations."""

from __future__ import annotations

from typing import Any

from omero.rtypes import rtime

from lab.omero import errors
from lab.omero.loading import Loader
from lab.omero.model import ENTITIES, entity
from lab.omero.model.description import ENUMERATIONS
from lab.omero.servants import Call
from lab.omero.work import now

VERSION = "5.6.15"
VALUES = {
    "omero.fs.repo.path": "%user%_%userId%//%year%-%month%/%day%/%time%",
    "omero.sessions.timeout": "600000",
    "omero.version": VERSION,
}


class Config:
    """Answers what the lab is configured to."""

    def getVersion(self, call: Call) -> str:
        return VERSION

    def getDatabaseUuid(self, call: Call) -> str:
        return call.host.store.setting("database")

    def getServerTime(self, call: Call) -> Any:
        return rtime(now())

    def getDatabaseTime(self, call: Call) -> Any:
        return rtime(now())

    def getConfigValue(self, call: Call, key: str) -> str:
        return VALUES.get(key, "")

    def getConfigValues(self, call: Call, pattern: str) -> dict[str, str]:
        return {key: value for key, value in VALUES.items() if key.startswith(pattern.rstrip("*"))}


class Types:
    """Answers what enumerations there are."""

    def allEnumerations(self, call: Call, name: str) -> list[Any]:
        known = entity(name).name
        if known not in ENUMERATIONS:
            raise errors.api_usage(f"{name} is not an enumeration")
        return Loader(call.host.store, call.caller, f"select o from {known} o order by o.id", {}).objects(None, None)

    def getEnumeration(self, call: Call, name: str, value: str) -> Any:
        for known in self.allEnumerations(call, name):
            if known.value.val == value:
                return known
        raise errors.api_usage(f"An enumeration does not exist with the value: {value}")

    def getEnumerationTypes(self, call: Call) -> list[str]:
        return [ENTITIES[name].java for name in ENUMERATIONS]

"""The update service."""

from __future__ import annotations

from typing import Any

from lab.omero import errors, permissions
from lab.omero.model import entity_of
from lab.omero.saving import Saver
from lab.omero.servants import Call, writes


class Update:
    """Saves and deletes objects; each call wholly or not at all."""

    @writes
    def saveObject(self, call: Call, instance: Any) -> None:
        self._save(call, [instance])

    @writes
    def saveAndReturnObject(self, call: Call, instance: Any) -> Any:
        self._save(call, [instance])
        return instance

    @writes
    def saveCollection(self, call: Call, instances: list[Any]) -> None:
        self._save(call, instances)

    @writes
    def saveArray(self, call: Call, instances: list[Any]) -> None:
        self._save(call, instances)

    @writes
    def saveAndReturnArray(self, call: Call, instances: list[Any]) -> list[Any]:
        self._save(call, instances)
        return instances

    @writes
    def saveAndReturnIds(self, call: Call, instances: list[Any]) -> list[int]:
        return self._save(call, instances)

    @writes
    def deleteObject(self, call: Call, instance: Any) -> None:
        call.objects = 1
        entity = entity_of(instance)
        with call.working() as work:
            identity = int(instance._id.val)
            row = work.store.row(entity, identity)
            if row is None:
                raise errors.made("OptimisticLockException", f"{entity.java}:{identity} is not there")
            if "delete" not in permissions.allowed(call.caller, entity, row):
                raise errors.violation(f"Deleting {entity.java}:{identity} not allowed.")
            work.store.delete(entity, [identity])
            work.log("DELETE", entity, [identity])
            if entity.name.endswith("AnnotationLink"):
                work.touch(entity, [row["parent"]])

    @staticmethod
    def _save(call: Call, instances: list[Any]) -> list[int]:
        call.objects = len(instances)
        with call.working() as work:
            saver = Saver(work)
            identities = [saver.save(instance) for instance in instances]
        for instance in instances:
            _settle(instance, call)
        return identities


def _settle(instance: Any, call: Call) -> None:
    """Give a saved object the details that reading it again would show."""
    from lab.omero.objects import Objects

    if instance._loaded:
        entity = entity_of(instance)
        row = call.host.store.row(entity, int(instance._id.val))
        if row is not None:
            Objects(call.host.store, call.caller).describe(entity, row, instance)

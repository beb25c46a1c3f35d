"""Movements between tiers: asking the storage tiering plugin for one, and seeing which are queued."""

from __future__ import annotations

import json
from typing import Any

from irods.column import Like
from irods.models import RuleExec
from irods.rule import Rule

from irods_omero.domain.state.actions import Move
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows

ENQUEUE_INSTANCE = "irods_rule_engine_plugin-cpp_default_policy-instance"
TIERING_INSTANCE = "irods_rule_engine_plugin-unified_storage_tiering-instance"
OPERATION = "irods_policy_data_movement"


def queue_movement(zone: ZoneConnection, move: Move) -> None:
    """Put a data movement on the delay queue, as the plugin itself does.

    The call is the one that a real zone accepted; without ``irods_3_literal_style`` the client wraps the text and
    the server answers SYS_NOT_SUPPORTED.
    """
    body = json.dumps(movement_rule(move))

    def enqueue(session: Any) -> None:
        rule = Rule(session, body=body, instance_name=ENQUEUE_INSTANCE, irods_3_literal_style=True)
        rule.execute(session_cleanup=False)

    zone.call(f"queueing its movement to {move.destination}", move.path, enqueue)


def movement_rule(move: Move) -> dict[str, Any]:
    """The rule that queues a movement."""
    return {
        "policy_to_invoke": "irods_policy_enqueue_rule",
        "parameters": {
            "rule-engine-operation": OPERATION,
            "rule-engine-instance-name": TIERING_INSTANCE,
            "group-name": move.group,
            "object-path": move.path,
            "source-replica-number": str(move.replica),
            "source-resource": move.source,
            "destination-resource": move.destination,
            # What is given here overrides what the resources say, which the plugin reads for its own movements only.
            "preserve-replicas": move.preserve,
            "verification-type": move.verification,
            "delay_conditions": f"<INST_NAME>{TIERING_INSTANCE}</INST_NAME>{move.delay}",
        },
    }


def queued_movements(zone: ZoneConnection) -> dict[str, set[str]]:
    """For each logical path the resources to which queued movements will take it."""
    destinations: dict[str, set[str]] = {}
    condition = Like(RuleExec.name, f"%{OPERATION}%")
    for _, text in rows(zone, "reading the delay queue", (RuleExec.id, RuleExec.name), condition):
        try:
            rule = json.loads(text)
            parameters = rule.get("parameters", rule)
            path, destination = parameters["object-path"], parameters["destination-resource"]
        except (ValueError, KeyError, AttributeError, TypeError):
            continue  # somebody else's rule that only names the operation
        destinations.setdefault(path, set()).add(destination)
    return destinations

"""Rules that clients send and rules from the delay queue: which engine executes them."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lab.zone.catalog import delayed
from lab.zone.engines import python, tiering
from lab.zone.engines.callback import Callback
from lab.zone.errors import ZoneError, unsupported

if TYPE_CHECKING:
    from lab.zone.agent import Agent

DEFAULT_POLICY = tiering.DEFAULT_POLICY_INSTANCE
NATIVE = "irods_rule_engine_plugin-irods_rule_language-instance"


def instances(agent: "Agent") -> list[str]:
    """The rule engines of the zone, in the order in which they are asked."""
    first = [tiering.INSTANCE] if agent.peps.tiering else []
    second = [python.INSTANCE] if agent.peps.python else []
    return [*first, *second, NATIVE, DEFAULT_POLICY]


def execute_text(agent: "Agent", text: str, instance: str, variables: dict[str, str]) -> None:
    """Execute a rule that a client sent."""
    if instance and instance not in instances(agent):
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"no such rule engine instance: {instance}")
    if instance == DEFAULT_POLICY:
        _default_policy(agent, _as_json(text.removeprefix("@external\n")))
    elif instance == tiering.INSTANCE and agent.peps.tiering:
        agent.peps.tiering.execute_text(_as_json(text.removeprefix("@external\n")))
    elif instance == python.INSTANCE and agent.peps.python:
        if not agent.client.is_administrator:
            raise ZoneError("SYS_NO_API_PRIV", "insufficient privileges to run rules in the Python rule engine")
        agent.peps.python.run_text(text, variables, Callback(agent), agent.rule_context())
    else:
        raise unsupported(f"rules for {instance or 'an unnamed rule engine'}")


def execute_expression(agent: "Agent", text: str, instance: str) -> None:
    """Execute a rule from the delay queue."""
    engines = agent.peps
    if instance == tiering.INSTANCE and engines.tiering and engines.tiering.execute_expression(_as_json(text)):
        return
    if instance == python.INSTANCE and engines.python:
        engines.python.run_delayed(text, Callback(agent), agent.rule_context())
        return
    raise unsupported(f"delayed rules for {instance or 'an unnamed rule engine'}")


def _as_json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ZoneError("SYS_NOT_SUPPORTED", f"rule text is not valid JSON -- {error}") from error
    if not isinstance(document, dict):
        raise ZoneError("SYS_NOT_SUPPORTED", "rule text is not an object")
    return document


def _default_policy(agent: "Agent", rule: dict[str, Any]) -> None:
    """What the default policy engine knows: to put a rule into the delay queue, once."""
    policy = rule.get("policy_to_invoke")
    if policy != "irods_policy_enqueue_rule":
        raise ZoneError("SYS_NOT_SUPPORTED", f"policy to invoke: {policy}")
    parameters = rule.get("parameters")
    if not isinstance(parameters, dict):
        raise ZoneError("SYS_NOT_SUPPORTED", "parameters are missing")
    ordered = json.dumps(parameters, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(ordered.encode()).hexdigest()
    if agent.store.row("select 1 from r_rule_exec where rule_name like ?", f"%{digest}%"):
        return
    queued = json.dumps({**parameters, "hash": digest}, sort_keys=True, ensure_ascii=False)
    delayed.enqueue(agent.store, queued, str(parameters.get("delay_conditions", "")), agent.client.name)

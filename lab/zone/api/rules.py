"""Calls that execute rules, and that the delay server makes."""

import base64
import json
from typing import TYPE_CHECKING, Any

from lab.zone import wire
from lab.zone.api.registry import Reply, Request, api
from lab.zone.catalog import delayed
from lab.zone.engines import execution
from lab.zone.errors import ZoneError
from lab.zone.structs import CharArray, CStruct

if TYPE_CHECKING:
    from lab.zone.agent import Agent


class RuleInput:
    """A rule that a client sends."""

    def __init__(self, request: Request) -> None:
        self.text = request.body.get("myRule")
        self.instance = request.body.pairs().get("instance_name", "")
        parameters = request.body.sub("MsParamArray_PI").all("MsParam_PI")
        self.variables = {one.get("label"): one.sub("STR_PI").get("myStr") for one in parameters}

    def shown(self) -> Any:
        """The input as hooks see it: the rule engine does not know the structure."""
        return {"ERROR": "[ExecMyRuleInp*] not supported"}


@api(625, "exec_my_rule", RuleInput)
def exec_my_rule(agent: "Agent", inp: RuleInput) -> Reply:
    """Execute a rule."""
    agent.output.clear()
    execution.execute_text(agent, inp.text, inp.instance, inp.variables)
    if not agent.output:
        return Reply(0, wire.pack("MsParamArray_PI", [("paramLen", 0), ("oprType", 0)]))
    buffers = [wire.pack("BinBytesBuf_PI", [("buflen", len(text)), ("buf", text)]) for text in _written(agent.output)]
    out = wire.pack("ExecCmdOut_PI", [], "".join(buffers) + "<status>0</status>")
    inner = wire.pack("MsParam_PI", [("label", "ruleExecOut"), ("type", "ExecCmdOut_PI")], out)
    return Reply(0, wire.pack("MsParamArray_PI", [("paramLen", 1), ("oprType", 0)], inner))


def _written(output: list[tuple[str, str]]) -> list[str]:
    """What a rule wrote to its output and to its error output, in the form of buffers."""
    texts = ["".join(f"{line}\n" for stream, line in output if stream == wanted) for wanted in ("stdout", "stderr")]
    return [base64.b64encode(text.encode() + b"\0").decode() for text in texts]


class ExpressionInput:
    """A rule from the delay queue, and the engine that it is for."""

    def __init__(self, request: Request) -> None:
        document = json.loads(base64.b64decode(request.body.get("buf")))
        self.text, self.instance = str(document["text"]), str(document["instance"])

    def shown(self) -> Any:
        """The input as hooks see it: the rule engine does not know the structure."""
        return {"ERROR": "[ExecRuleExpression*] not supported"}


@api(1206, "exec_rule_expression", ExpressionInput)
def exec_rule_expression(agent: "Agent", inp: ExpressionInput) -> Reply:
    """Execute a rule from the delay queue: the zone itself calls this."""
    if not agent.proxy.is_administrator:
        raise ZoneError("SYS_NO_API_PRIV", "only the delay server executes delayed rules")
    execution.execute_expression(agent, inp.text, inp.instance)
    return Reply()


class RuleDeletion:
    """The rule that is to leave the queue."""

    def __init__(self, request: Request) -> None:
        self.id = request.body.number("ruleExecId")

    def shown(self) -> Any:
        """The input as hooks see it."""
        return CStruct(ruleExecId=CharArray(str(self.id)))


@api(624, "rule_exec_del", RuleDeletion)
def rule_exec_del(agent: "Agent", inp: RuleDeletion) -> Reply:
    """Take a rule out of the queue: one's own, or as an administrator any."""
    owner = delayed.owner(agent.store, inp.id)
    if owner != agent.client.name and not agent.client.is_administrator:
        raise ZoneError("USER_ACCESS_DENIED", f"the rule belongs to {owner}")
    delayed.delete(agent.store, inp.id)
    return Reply()

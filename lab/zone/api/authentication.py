"""Native authentication, in the steps of an iRODS 4.3 or 5 server."""

import base64
import secrets
from typing import TYPE_CHECKING

from lab.zone.api.registry import JsonInput, Reply, api, json_reply
from lab.zone.catalog import users
from lab.zone.credentials import digest
from lab.zone.errors import ZoneError, unsupported

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@api(110000, "authenticate", JsonInput)
def authenticate(agent: "Agent", inp: JsonInput) -> Reply:
    """One step: give a challenge, or check the answer to it."""
    step = dict(inp.document)
    if step.get("scheme") != "native":
        raise unsupported(f"the authentication scheme {step.get('scheme')!r}")
    operation = step.get("next_operation")
    if operation == "auth_agent_auth_request":
        agent.challenge = "".join(secrets.choice(_CHARACTERS) for _ in range(64))
        return json_reply({**step, "request_result": agent.challenge})
    if operation != "auth_agent_auth_response":
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"not a step: {operation}")
    proxy = users.find(agent.store, str(step["user_name"]), str(step["zone_name"]))
    known = users.password(agent.store, proxy) if proxy else None
    answer = base64.b64decode(str(step.get("digest", "")))
    if proxy is None or known is None or not secrets.compare_digest(answer, digest(agent.challenge, known)):
        raise ZoneError("CAT_INVALID_AUTHENTICATION", f"{step['user_name']}")
    agent.log_in(proxy)
    return json_reply(step)

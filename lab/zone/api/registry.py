"""How an API call is declared: its number, name, input, work, and what hooks see of it."""

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.zone import wire
from lab.zone.errors import ZoneError
from lab.zone.structs import BytesBuf
from lab.zone.wire import Element

if TYPE_CHECKING:
    from lab.zone.agent import Agent


class Reply(NamedTuple):
    """The answer to a call."""

    int_info: int = 0
    body: str = ""
    bs: bytes = b""


class Request(NamedTuple):
    """A call as it came in."""

    body: Element
    bs: bytes


class Api(NamedTuple):
    """One API call."""

    number: int
    name: str
    read: Callable[[Request], Any]
    work: "Callable[[Agent, Any], Reply]"
    shown: Callable[[Any], list[Any]]


APIS: dict[int, Api] = {}

NAMES = {
    610: "data_obj_repl250",
    628: "data_obj_rsync",
    645: "query_spec_coll",
    664: "struct_file_extract",
    666: "struct_file_bundle",
    667: "chk_obj_perm_and_stat",
    690: "proc_stat",
    692: "exec_cmd",
    722: "specific_query",
    723: "ticket_admin",
    678: "open_collection",
    709: "get_temp_password",
    713: "read_collection",
    724: "get_temp_password_for_other",
    725: "pam_auth_request",
    801: "get_library_features",
    1101: "ssl_end",
    1100: "ssl_start",
    1201: "auth_plugin_request",
    10215: "client_hints",
    20005: "atomic_apply_acl_operations",
}
"""Calls that a real zone answers and this one refuses, by number; so that the refusal can name them."""

Work = Callable[["Agent", Any], Reply]


def _show_input(inp: Any) -> list[Any]:
    return [inp.shown()]


def api(
    number: int, name: str, read: Callable[[Request], Any], shown: Callable[[Any], list[Any]] = _show_input
) -> Callable[[Work], Work]:
    """Declare the function below as the work of an API call."""

    def declare(work: Work) -> Work:
        APIS[number] = Api(number, name, read, work, shown)
        return work

    return declare


_PLUGINS = 20000
_TITLES = {"authenticate": "AUTHENTICATION_APN"}


def title(name: str, number: int) -> str:
    """The name of an API call as clients have it."""
    if name in _TITLES:
        return _TITLES[name]
    return f"{name.upper()}_{'APN' if number >= _PLUGINS else 'AN'}"


class JsonInput:
    """The input of a call that takes JSON in a buffer."""

    def __init__(self, request: Request) -> None:
        self.data = base64.b64decode(request.body.get("buf"))
        self.out: BytesBuf | None = None
        try:
            self.document: dict[str, Any] = json.loads(self.data.rstrip(b"\0") or b"{}")
        except ValueError as error:
            raise ZoneError("JSON_VALIDATION_ERROR", str(error)) from error

    def shown(self) -> BytesBuf:
        """The buffer as hooks see it."""
        return BytesBuf(self.data)


def show_with_output(inp: Any) -> list[Any]:
    """Hooks see the input, and the output once there is one."""
    return [inp.shown(), inp.out]


def json_reply(document: Any, int_info: int = 0) -> Reply:
    """An answer of JSON in a buffer."""
    data = json.dumps(document).encode() + b"\0"
    return Reply(
        int_info, wire.pack("BinBytesBuf_PI", [("buflen", len(data)), ("buf", base64.b64encode(data).decode())])
    )


def text_reply(text: str, int_info: int = 0) -> Reply:
    """An answer of one string."""
    return Reply(int_info, wire.pack("STR_PI", [("myStr", text)]))

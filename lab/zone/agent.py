"""One connection: who it is, what it has open, and the loop that answers its calls."""

import socket
import traceback
import types
from typing import Any, NoReturn

from lab.zone import api, encryption, faults, vault, wire
from lab.zone import replicas as opening
from lab.zone.catalog import access, collections, users
from lab.zone.catalog.collections import Collection
from lab.zone.catalog.store import CatalogStore
from lab.zone.catalog.users import User
from lab.zone.database.metadata import MetadataOperations
from lab.zone.database.objects import ObjectOperations
from lab.zone.engines.peps import Peps
from lab.zone.engines.python import PythonEngine
from lab.zone.engines.tiering import TieringEngine
from lab.zone.errors import CODES, ZoneError, unsupported
from lab.zone.logs import RequestLog, ServerLog
from lab.zone.query.statements import Statements
from lab.zone.replicas import OpenReplica
from lab.zone.service import MARK
from lab.zone.settings import API_VERSION, RELEASE, Settings
from lab.zone.structs import CharArray, parent
from lab.zone.wire import DisconnectedError, Element, Message

_FIRST_DESCRIPTOR = 3
_BEFORE_LOGIN = (110000,)
_XML = 1


class Agent:
    """The server's side of one connection."""

    def __init__(self, settings: Settings, port: int, connection: socket.socket) -> None:
        self.settings = settings
        self.port = port
        self.zone = settings.zone
        self.log = ServerLog(settings.server_log)
        self.requests = RequestLog(settings.requests)
        self.store = CatalogStore(settings.catalog)
        self.statements = Statements(self.store)
        self.objects = ObjectOperations(self)
        self.metadata = MetadataOperations(self)
        self.peps = Peps(self, None, None)
        self.challenge = ""
        self.program = ""
        self.by = "client"
        self.client = self.proxy = User(0, "", "", "")
        self.api_number = 0
        self.api_name = ""
        self.output: list[tuple[str, str]] = []
        self.messages: list[tuple[int, str]] = []
        self._names = ("", "")
        self._connection = connection
        self._descriptors: dict[int, OpenReplica] = {}

    def serve(self) -> None:
        """Answer calls until the client is gone."""
        try:
            if self._start():
                while self._answer(wire.receive(self._connection)):
                    pass
        except DisconnectedError:
            pass
        finally:
            for opened in self._descriptors.values():
                opening.abandon(self, opened)
            self.store.close()

    def _start(self) -> bool:
        """Exchange names and versions, and load the rule engines."""
        pack = wire.parse(wire.receive(self._connection).body)
        self._names = (pack.get("clientUser"), pack.get("clientRcatZone") or self.zone)
        self.program = pack.get("option")
        self.by = "server" if pack.get("apiVersion") == MARK else "client"
        if not self._negotiate(pack.number("irodsProt")):
            return False
        try:
            python = PythonEngine(self.settings.core, self.log.write) if self.settings.core else None
        except ZoneError as error:
            self._refuse(error.code)
            return False
        self.peps = Peps(self, python, TieringEngine(self) if self.settings.tiering else None)
        Message("RODS_VERSION", _version(0)).send(self._connection)
        if self.settings.tls and self.by == "client":
            self._connection = encryption.start(self._connection, self.settings.certificate)
        return True

    def _negotiate(self, protocol: int) -> bool:
        """Agree with the client on the protocol, and on whether TLS is used; whether that was possible."""
        asked = self.program.endswith(encryption.ASKING)
        self.program = self.program.removesuffix(encryption.ASKING)
        if protocol != _XML:
            self.log.write(f"{self.program}: {unsupported('the native protocol (icommands: irodsProt=1)')}")
            self._refuse(CODES["SYS_NOT_SUPPORTED"])
            return False
        if asked:
            return encryption.negotiate(self._connection, self.settings.tls)
        if self.settings.tls and self.by == "client":
            self._refuse(CODES["SYS_INVALID_INPUT_PARAM"])
            return False
        return True

    def _refuse(self, code: int) -> None:
        """Tell a client that it cannot connect."""
        Message("RODS_VERSION", _version(code), int_info=code).send(self._connection)

    def file_for(self, vault_path: str, logical_path: str) -> str:
        """The path of the file of a new replica."""
        if self.settings.random_paths:
            return vault.random_path(vault_path, logical_path, self.client.name)
        return vault.free_path(vault_path, logical_path)

    def log_in(self, proxy: User) -> None:
        """Take note of who has proved himself; an administrator may act for another user."""
        client = users.find(self.store, *self._names)
        if client is None:
            raise ZoneError("CAT_INVALID_USER", self._names[0])
        if client.id != proxy.id and not proxy.is_administrator:
            raise ZoneError("CAT_INVALID_CLIENT_USER", f"{proxy.name} may not act for {client.name}")
        self.proxy, self.client = proxy, client

    def _answer(self, message: Message) -> bool:
        """Serve one message; whether more may come."""
        if message.kind == "RODS_DISCONNECT":
            return False
        self.api_number = message.int_info
        known = api.APIS.get(message.int_info)
        self.api_name = known.name if known else api.NAMES.get(message.int_info, str(message.int_info))
        fault = faults.due(self.store, api.title(self.api_name, self.api_number), self._names[0])
        faults.strike(fault, "before")
        request = api.Request(wire.parse(message.body), message.bs)
        self.messages.clear()
        try:
            faults.refuse(fault)
            reply = self._call(known, request)
            faults.strike(fault, "after")
        except ZoneError as error:
            if error.code not in (-808000, -1):
                self.log.write(f"{self.api_name} for {self._names[0]}: {error}")
            self._log_request(request.body, error.code)
            said = [*self.messages, *([(error.code, error.message)] if error.message else [])]
            Message("RODS_API_REPLY", error=_pack_errors(said), int_info=error.code).send(self._connection)
            return True
        except (DisconnectedError, SystemExit):
            raise
        except Exception as error:
            self.log.write("".join(traceback.format_exception(error)))
            code = CODES["SYS_INTERNAL_ERR"]
            self._log_request(request.body, code)
            Message("RODS_API_REPLY", error=_pack_errors([(code, repr(error))]), int_info=code).send(self._connection)
            return True
        self._log_request(request.body, reply.int_info)
        body = reply.body.encode("utf-8", "surrogateescape")
        Message("RODS_API_REPLY", body, _pack_errors(self.messages), reply.bs, reply.int_info).send(self._connection)
        return True

    def _call(self, known: "api.Api | None", request: "api.Request") -> "api.Reply":
        if known is None:
            if self.api_number in api.NAMES:
                raise unsupported(f"the API {self.api_name}")
            raise ZoneError("SYS_UNMATCHED_API_NUM", str(self.api_number))
        if not self.client.id and self.api_number not in _BEFORE_LOGIN:
            raise ZoneError("SYS_NO_API_PRIV", "not logged in")
        inp = known.read(request)
        if known.number in _BEFORE_LOGIN:
            return known.work(self, inp)
        call = self.peps.api(known.name, inp, lambda: known.shown(inp), lambda: known.work(self, inp))
        return call or api.Reply()

    def _log_request(self, body: Element, code: int) -> None:
        fields: dict[str, Any] = {
            "api": api.title(self.api_name, self.api_number),
            "user": self._names[0],
            "program": self.program,
            "by": self.by,
        }
        if self.api_name == "mod_avu_metadata":
            fields["operation"] = body.get("arg0")
            fields["arguments"] = [body.get(f"arg{place}") for place in range(1, 6)]
        elif path := body.get("objPath") or body.get("collName") or body.get("path"):
            fields["path"] = wire.parse(path.encode()).text or path
        if self.messages:
            fields["said"] = [message for _, message in self.messages]
        self.requests.write(**fields, code=code)

    def check_access(self, object_id: int, level: int, admin: bool, what: str) -> None:
        """Refuse what the client may not do; with the admin keyword an administrator may do everything."""
        if admin:
            if not self.client.is_administrator:
                raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", "only administrators may use the admin keyword")
            return
        if access.level(self.store, self.client, object_id) < level:
            raise ZoneError("CAT_NO_ACCESS_PERMISSION", what)

    def collection_above(self, path: str) -> Collection:
        """The collection that something is to be made in."""
        return collections.need(self.store, parent(path))

    def refuse_missing(self, path: str) -> NoReturn:
        """Say that there is no such data object."""
        raise ZoneError("OBJ_PATH_DOES_NOT_EXIST", path)

    def give_descriptor(self, opened: OpenReplica) -> int:
        """The number for something opened."""
        number = _FIRST_DESCRIPTOR
        while number in self._descriptors:
            number += 1
        self._descriptors[number] = opened
        return number

    def descriptor(self, number: int) -> OpenReplica:
        """What is open under a number."""
        if number not in self._descriptors:
            raise ZoneError("SYS_FILE_DESC_OUT_OF_RANGE", str(number))
        return self._descriptors[number]

    def open_descriptors(self) -> list[tuple[int, OpenReplica]]:
        """All that is open, in the order of the numbers."""
        return sorted(self._descriptors.items())

    def take_descriptor(self, number: int) -> OpenReplica:
        """What is open under a number, which is free then."""
        opened = self.descriptor(number)
        del self._descriptors[number]
        return opened

    def plugin_context(self) -> dict[str, str]:
        """What a PluginContext shows."""
        return {
            "api_index": str(self.api_number),
            "proxy_user_name": self.proxy.name,
            "proxy_rods_zone": self.proxy.zone,
            "proxy_auth_info_auth_flag": str(_flag(self.proxy)),
            "user_user_name": self.client.name,
            "user_rods_zone": self.client.zone,
            "user_user_type": self.client.kind,
            "user_auth_info_auth_flag": str(_flag(self.client)),
            "option": self.program,
        }

    def rule_context(self) -> types.SimpleNamespace:
        """What hooks get as `rei`."""
        client, proxy = _shown_user(self.client), _shown_user(self.proxy)
        connection = types.SimpleNamespace(
            clientUser=client, proxyUser=proxy, option=CharArray(self.program), apiInx=self.api_number
        )
        return types.SimpleNamespace(rsComm=connection, uoic=client, uoip=proxy, status=0)


def _flag(user: User) -> int:
    return 5 if user.is_administrator else 3


def _shown_user(user: User) -> types.SimpleNamespace:
    return types.SimpleNamespace(
        userName=CharArray(user.name),
        rodsZone=CharArray(user.zone),
        userType=CharArray(user.kind),
        authInfo=types.SimpleNamespace(authFlag=_flag(user)),
    )


def _version(status: int) -> bytes:
    fields: list[tuple[str, str | int]] = [("status", status), ("relVersion", RELEASE), ("apiVersion", API_VERSION)]
    return wire.pack("Version_PI", [*fields, ("reconnPort", 0), ("reconnAddr", ""), ("cookie", 400)]).encode()


def _pack_errors(errors: list[tuple[int, str]]) -> bytes:
    if not errors:
        return b""
    inner = [wire.pack("RErrMsg_PI", [("status", code), ("msg", text[:1000])]) for code, text in errors]
    return wire.pack("RError_PI", [("count", len(inner))], "".join(inner)).encode("utf-8", "replace")

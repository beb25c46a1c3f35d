"""Starts the server process: Ice, the database and the router on two ports, until it is told to stop."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import Ice
import omero.ObjectFactoryRegistrar
import omero.rtypes

from lab.certificate import write_certificate
from lab.omero.control import Control
from lab.omero.host import Host
from lab.omero.repository.managed import settle_down
from lab.omero.repository.rows import repository_uuid
from lab.omero.requests_log import RequestsLog
from lab.omero.router import Router
from lab.omero.seed import seed
from lab.omero.sessions import IDLE, Sessions
from lab.omero.store import Store

ADDRESS = "127.0.0.1"
PROPERTIES = {
    "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
    "IceSSL.VerifyPeer": "0",
    "Ice.ThreadPool.Server.Size": "4",
    "Ice.ThreadPool.Server.SizeMax": "32",
    "Ice.ThreadPool.Client.Size": "2",
    "Ice.ThreadPool.Client.SizeMax": "16",
    "Ice.MessageSizeMax": "250000",
    "Ice.ACM.Close": "4",
    "Ice.ACM.Timeout": str(IDLE // 1000),
    "Ice.Warn.Connections": "0",
    "Ice.Warn.Dispatch": "0",
    "Ice.CacheMessageBuffers": "0",
}


def _communicator(state: Path) -> Any:
    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    for name, value in PROPERTIES.items():
        data.properties.setProperty(name, value)
    data.properties.setProperty("IceSSL.DefaultDir", str(state))
    data.properties.setProperty("IceSSL.CertFile", write_certificate(state).name)
    communicator = Ice.initialize(data)
    omero.ObjectFactoryRegistrar.registerObjectFactory(communicator, None)
    for factory in omero.rtypes.ObjectFactories.values():
        factory.register(communicator)
    return communicator


def serve(state: Path, port: int, tcp_port: int, root_password: str) -> None:
    """Serve until SIGTERM or SIGINT; print one line with the address when ready."""
    state.mkdir(parents=True, exist_ok=True)
    communicator = _communicator(state)
    endpoints = f"ssl -h {ADDRESS} -p {port}:tcp -h {ADDRESS} -p {tcp_port}"
    adapter = communicator.createObjectAdapterWithEndpoints("lab", endpoints)
    ports = {endpoint.getInfo().type(): endpoint.getInfo().port for endpoint in adapter.getEndpoints()}
    store = Store(state / "omero.db")
    seed(store, root_password)
    control = Control(state / "control.json")
    host = Host(state, store, control, Sessions(store, control), RequestsLog(state / "requests.jsonl"), adapter)
    settle_down(host.repository, store.setting("database"), repository_uuid(store))
    adapter.add(Router(host), communicator.stringToIdentity("OMERO.Glacier2/router"))
    adapter.activate()
    said = {"port": ports[Ice.SSLEndpointType if hasattr(Ice, "SSLEndpointType") else 2], "tcp_port": ports[1]}
    print(json.dumps({"host": ADDRESS, **said}), flush=True)
    _wait()
    adapter.deactivate()
    communicator.destroy()
    store.close()
    host.requests.close()


def _wait() -> None:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    stopped.wait()

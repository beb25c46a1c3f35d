"""What a zone server is told when it starts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.certificate import CERTIFICATE

HOST = "127.0.0.1"
ZONE = "tempZone"
ADMINISTRATOR = "rods"
PASSWORD = "rods"
RELEASE = "rods5.0.2"
API_VERSION = "d"


@dataclass(frozen=True)
class Settings:
    """A zone server's directory, port, hooks, and how it behaves."""

    state: Path
    port: int
    core: Path | None = None
    tiering: bool = True
    wake_up: float = 0.2
    executors: int = 4
    zone: str = ZONE
    tls: bool = False
    random_paths: bool = False

    @property
    def catalog(self) -> Path:
        """The catalog's file."""
        return self.state / "catalog.sqlite"

    @property
    def vaults(self) -> Path:
        """Where vaults are, unless a resource says otherwise."""
        return self.state / "vaults"

    @property
    def certificate(self) -> Path:
        """The server's key and certificate, where it has one."""
        return self.state / CERTIFICATE

    @property
    def server_log(self) -> Path:
        """What the server has to say."""
        return self.state / "server.log"

    @property
    def requests(self) -> Path:
        """A line per API call, and per catalog write by a hook."""
        return self.state / "requests.jsonl"

    def text(self) -> str:
        """The settings as text, for the process that is to use them."""
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def read(text: str) -> "Settings":
        """The settings from their text."""
        values = json.loads(text)
        core = values.pop("core")
        return Settings(**{**values, "state": Path(values["state"]), "core": Path(core) if core else None})

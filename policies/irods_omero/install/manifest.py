"""What the installer has put into a server, recorded beside it, so that it can be brought up to date and taken out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from irods_omero.errors import PolicyError
from irods_omero.install.engines import Additions

FILE = "irods-omero.manifest.json"


class Manifest(BaseModel):
    """The record of one installation."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(default="", description="Version of this software that was installed.")
    files: dict[str, list[str]] = Field(default={}, description="SHA-256 of each file, by its path below the folder.")
    core_added: str = Field(default="", description="What was added to a core.py of the site.")
    server_config: str = Field(default="", description="The server_config.json that was added to.")
    engines: Annotated[list[dict[str, Any]], Field(description="Rule engines that were added.")] = []
    regex: str = Field(default="", description="Expression that was added to a Python rule engine of the site.")

    def additions(self) -> Additions:
        """What was added to the server_config.json."""
        return Additions(self.engines, self.regex)

    def text(self) -> str:
        """The record as it is written."""
        return self.model_dump_json(indent=2) + "\n"


def read(text: str | None) -> Manifest:
    """The record, empty if there is none."""
    try:
        return Manifest() if text is None else Manifest.model_validate_json(text)
    except ValidationError as error:
        raise PolicyError(f"{FILE} was not written by this program: {error.errors()[0]['msg']}") from None

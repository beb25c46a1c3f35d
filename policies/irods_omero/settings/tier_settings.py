"""What a site says of its root resources: a part of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from irods_omero.domain.state.residency import Residency
from irods_omero.settings.mapping import Name, Section


class TierSettings(Section):
    """What users see of one resource."""

    name: Annotated[str, StringConstraints(pattern=r"^[^\s:][^:]*$")] | None = Field(
        default=None, description="Name of the tier in tags and key-value pairs; by default the resource's."
    )
    offline: bool = Field(default=False, description="Whether its bytes are out of OMERO's reach: images get a lock.")
    residency: Annotated[str, StringConstraints(pattern=r"^.*[^*]$", max_length=250)] | None = Field(
        default=None,
        description="Attribute of an AVU by which the site says of each data object where its bytes really are: "
        "'online', 'offline' or 'moving'. Where it says none of these, `offline` counts. By default there is none.",
    )
    residency_child: Name | None = Field(
        default=None,
        description="In place of that, for a compound resource, the resource below it that is its cache: what has a "
        "good replica there is online, and what has one on another only is offline.",
    )
    residency_command: list[Name] = Field(
        default=[],
        description="In place of that a command, with its first arguments, that the agent runs on its own host with "
        "the path of the file as the last argument, and that prints 'online', 'offline' or 'moving'. Where it prints "
        "something else, fails, or takes more than 5 seconds, `offline` counts.",
    )
    residency_words: dict[Name, Literal["online", "offline", "moving"]] = Field(
        default={}, description="What other words mean that the command prints."
    )
    access_hours: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="If OMERO's copy of what is here was used at least this many hours after the access time that "
        "iRODS knows (irods::access_time), that is set to the later time: storage tiering then leaves what people look "
        "at. Where the tier's query goes by DATA_ACCESS_TIME, the replica's own is set, too. By default neither ever "
        "is.",
    )
    recall_hours: Annotated[float, Field(ge=0)] = Field(
        default=24.0,
        description="How long a movement from this tier may take: until then a request is not refused, even if a "
        "movement fails.",
    )
    most_objects: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="How many data objects of one unit a request may move to or from here, by default any number.",
    )

    @model_validator(mode="after")
    def _says_it_once(self) -> TierSettings:
        if sum(map(bool, (self.residency, self.residency_child, self.residency_command))) > 1:
            raise ValueError("name one of residency, residency_child and residency_command")
        if self.residency_command and not self.residency_command[0].startswith("/"):
            raise ValueError("name the program of residency_command by its absolute path")
        return self

    def what_says(self) -> Residency:
        """What says of single data objects where their bytes are, as decisions know it."""
        program = self.residency_command[0] if self.residency_command else ""
        return Residency(self.residency or "", self.residency_child or "", program)

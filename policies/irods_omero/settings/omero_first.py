"""What a site says of filesets that come through OMERO first: a part of the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from irods_omero.domain.rules.templates import why_no_template
from irods_omero.settings.mapping import Name, Section


class OmeroFirstSettings(Section):
    """Where in iRODS filesets go that others import into OMERO, whose they are there, and how they are described."""

    groups: list[Name] = Field(min_length=1, description="OMERO groups that it is about; '*' stands for all.")
    to: str = Field(
        default="/{zone}/home/{user}/omero/{group}/{project}/{dataset}/{fileset}",
        pattern=r"^/.+[^/]$",
        description="Template of the collection that the files go into.",
    )
    resource: str = Field(default="", description="Resource that they are written to; by default the zone's.")
    how: Literal["copy", "move"] = Field(
        default="copy",
        description="Whether OMERO keeps its copy of the files, or gives it up as soon as iRODS is known to have the "
        "same bytes; 'move' takes `omero.repository`.",
    )
    share: bool = Field(
        default=True,
        description="Whether an iRODS group of the OMERO group's name may read, or in a read-write group write, them.",
    )
    make_groups: bool = Field(default=False, description="Whether that iRODS group is made where there is none.")
    follow_rights: bool = Field(
        default=False,
        description="Whether these rights change when the images get another owner or group in OMERO; what people have "
        "changed stays.",
    )
    follow_names: bool = Field(
        default=False,
        description="Whether the data moves when the template gives another place, as a project, a dataset or an image "
        "was renamed, or images were put elsewhere; what people have moved stays.",
    )
    acl: dict[Name, Literal["read", "write", "own"]] = Field(
        default={}, description="Who else may do what; names are templates."
    )
    avus: dict[Name, Name] = Field(default={}, description="Templates of AVUs: a value for each attribute.")
    facts: str = Field(
        default="",
        description="What the attributes start with that say what else OMERO knows of the first image, such as its "
        "dimensions; by default it is not said.",
    )

    @field_validator("to")
    @classmethod
    def _is_template(cls, text: str) -> str:
        if why := why_no_template(text):
            raise ValueError(why)
        return text

    @field_validator("acl", "avus")
    @classmethod
    def _are_templates(cls, templates: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for text in templates if info.field_name == "acl" else templates.values():
            if why := why_no_template(text):
                raise ValueError(f"{text!r}: {why}")
        return templates

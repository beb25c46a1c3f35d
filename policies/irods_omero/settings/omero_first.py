"""What a site says of filesets that come through OMERO first: a part of the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from irods_omero.domain.rules.omero_first.placement import MOVE, REGISTER, PlacementRule
from irods_omero.domain.rules.omero_first.templates import why_no_template
from irods_omero.settings.mapping import Name, Section
from irods_omero.settings.mistakes import mistake_at


class OmeroFirstSettings(Section):
    """Where in iRODS filesets go that others import into OMERO, whose they are there, and how they are described."""

    groups: list[Name] = Field(min_length=1, description="OMERO groups that it is about; '*' stands for all.")
    to: str = Field(
        default="/{zone}/home/{user}/omero/{group}/{project}/{dataset}/{fileset}",
        pattern=r"^/.+[^/]$",
        description="Template of the collection that the files go into.",
    )
    resource: str = Field(default="", description="Resource that they are written to; by default the zone's.")
    how: Literal["copy", "move", "register"] = Field(
        default="copy",
        description="Whether OMERO keeps its copy of the files, or gives it up as soon as iRODS is known to have the "
        "same bytes; 'move' takes `omero.repository`. With 'register' nothing is copied: OMERO's files are registered "
        "on `resource` where they are, and whoever deletes the images deletes the data.",
    )
    repository: Annotated[str, StringConstraints(pattern=r"^/.+[^/]$")] | None = Field(
        default=None,
        description="For 'register' the directory of OMERO's managed repository as the host of `resource` sees it, "
        "where iRODS may read and not write; by default `omero.repository`.",
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


def check_how(rules: Iterable[OmeroFirstSettings], repository: str | None) -> None:
    """Make sure that rules have what they take; ``repository`` is where the agent sees OMERO's, if it does.

    Raises:
        PydanticCustomError: One has not.
    """
    for number, rule in enumerate(rules):
        where = ("omero_first", number)
        if rule.how == MOVE and repository is None:
            why = "'move' takes omero.repository: the agent has to see OMERO's managed repository"
            raise mistake_at((*where, "how"), why)
        if rule.how == REGISTER and not rule.resource:
            raise mistake_at((*where, "how"), "'register' takes a resource whose host sees OMERO's managed repository")
        if rule.how == REGISTER and repository is None and rule.repository is None:
            why = "'register' takes the repository as the host of the resource sees it, or omero.repository"
            raise mistake_at((*where, "how"), why)
        if rule.how != REGISTER and rule.repository is not None:
            raise mistake_at((*where, "repository"), "goes with 'register' alone")


def rules_of(rules: Iterable[OmeroFirstSettings], repository: str | None) -> list[PlacementRule]:
    """The rules as decisions know them, in their order; ``repository`` is where the agent sees OMERO's, if it does."""
    return [PlacementRule(**{**rule.model_dump(), "repository": rule.repository or repository or ""}) for rule in rules]

"""The mapped attributes: which AVUs are kept the same as which tags or keys in OMERO; and what all sections share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model, field_validator, model_validator

from irods_omero.domain.state.avu_units import is_template, why_no_template
from irods_omero.domain.state.places import KINDS, OWN_PLACES, Place, PlaceKind, tags_in
from irods_omero.domain.state.policy import STAR
from irods_omero.domain.state.texts import why_no_units
from irods_omero.vocabulary import TAG_SETS, Names

CLIENT_NAMESPACE = "openmicroscopy.org/omero/client/mapAnnotation"
"""Of the key-value pairs that users write in OMERO's clients."""

OWN_NAMESPACES = {place.namespace for place in OWN_PLACES}
OWN_TAG_SETS = {tags_in(name) for name in TAG_SETS.values()}


Name = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class Section(BaseModel):
    """A part of the configuration file: unknown keys are mistakes, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _with_places(section: type[Section]) -> type[Section]:
    """The section with one more key for each kind of place."""
    keys: dict[str, Any] = {
        kind.setting: (Name | None, Field(default=None, description=kind.description)) for kind in KINDS.values()
    }
    return create_model(section.__name__, __base__=section, **keys)


@_with_places
class _Mapped(Section):
    """What is mapped, and where to."""

    avu: Name = Field(
        description="Attribute of AVUs on data objects; one that ends with a star stands for all that start so, "
        "each of which has a key of its own in OMERO."
    )

    @property
    def places(self) -> list[tuple[PlaceKind, str]]:
        """The kinds of places that are named, each with what is said of it."""
        said = ((kind, getattr(self, kind.setting)) for kind in KINDS.values())
        return [(kind, text) for kind, text in said if text is not None]


class AttributeSettings(_Mapped):
    """Some AVUs that are kept the same as tags of a namespace, tags in a tag set, or key-value pairs in OMERO."""

    key_namespace: Name = Field(
        default=CLIENT_NAMESPACE,
        description="Namespace of the key-value pairs; by default that of those that users write in OMERO's clients.",
    )
    direction: Literal["both", "to-omero", "to-irods"] = Field(default="both", description="Who may change it.")
    single: bool = Field(default=False, description="Whether it has at most one value.")
    winner: Literal["irods", "omero"] = Field(
        default="irods", description="Whose value stands when both sides changed a single value."
    )
    values: dict[Name, Name] = Field(
        default={}, description="For values that are called otherwise in OMERO their texts there; others are the same."
    )
    units: Annotated[str, StringConstraints(min_length=1, max_length=250)] | None = Field(
        default=None,
        description="What the units of its AVUs are in OMERO: part of the text by a template, as in '{value} {unit}'; "
        "any other text is the only unit, which is not shown. By default units are not shown, and an edit in OMERO "
        "keeps them.",
    )

    @field_validator("units")
    @classmethod
    def _can_be_split(cls, units: str | None) -> str | None:
        why = (why_no_template if is_template(units) else why_no_units)(units) if units is not None else ""
        if why:
            raise ValueError(why)
        return units

    @field_validator("values")
    @classmethod
    def _can_be_turned_round(cls, values: dict[str, str]) -> dict[str, str]:
        texts = list(values.values())
        for value, text in values.items():
            if texts.count(text) > 1:
                raise ValueError(f"two values are {text!r} in OMERO: which of them it is could not be told")
            if text in values and text != value:
                raise ValueError(f"{text!r} is a value and the text of another one: which is meant could not be told")
        return values

    @model_validator(mode="after")
    def _has_one_place(self) -> AttributeSettings:
        if len(self.places) != 1:
            *settings, last = (f"`{kind.setting}`" for kind in KINDS.values())
            raise ValueError(f"exactly one of {', '.join(settings)} and {last} says where its values are in OMERO")
        if self.avu.endswith(STAR) != (self.place.is_key and self.place.name.endswith(STAR)):
            raise ValueError("an attribute that ends with a star needs a key that does, and the other way round")
        if self.values and is_template(self.units or ""):
            raise ValueError("`values` and a template of `units` do not go together: what is translated is not clear")
        return self

    @property
    def place(self) -> Place:
        """Where in OMERO its values are."""
        ((kind, text),) = self.places
        return kind.place(text, self.key_namespace)


def check_attributes(mapped: Sequence[AttributeSettings], names: Names) -> None:
    """The merge of one attribute must not undo that of another, nor touch what this policy itself writes.

    Raises:
        ValueError: It could.
    """
    ours = [f"{names.prefix}::{STAR}", f"irods::{STAR}"]
    for attribute in mapped:
        if names.is_ours(attribute.avu) or any(_meet(attribute.avu.strip().lower(), own.lower()) for own in ours):
            raise ValueError(f"{attribute.avu!r} belongs to this policy or to storage tiering")
        place = attribute.place
        if OWN_NAMESPACES & {place.namespace, attribute.key_namespace} or place in OWN_TAG_SETS:
            raise ValueError(f"{place.title!r} belongs to this policy")
    for one, other in combinations(mapped, 2):
        if _meet(one.avu, other.avu):
            raise ValueError(f"{other.avu!r} is mapped twice")
        if one.place[:2] == other.place[:2] and _meet(one.place.name, other.place.name):
            raise ValueError(f"{other.place.title!r} is mapped twice")


def _meet(one: str, other: str) -> bool:
    """Whether something can be covered by both."""
    if one.endswith(STAR) and other.endswith(STAR):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    if one.endswith(STAR):
        return other.startswith(one[:-1])
    return one.startswith(other[:-1]) if other.endswith(STAR) else one == other

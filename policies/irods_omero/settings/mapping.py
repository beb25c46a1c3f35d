"""The mapped attributes: which AVUs are kept the same as which tags or keys in OMERO; and what all sections share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from irods_omero.domain.state.avu_units import is_template, why_no_template
from irods_omero.domain.state.places import Place, key_in, tags_in, tags_of
from irods_omero.domain.state.policy import STAR
from irods_omero.domain.state.texts import why_no_units
from irods_omero.vocabulary import OBJECT_NAMESPACE, REQUEST_NAMESPACE, TAG_SETS, TIER_NAMESPACE, Names

CLIENT_NAMESPACE = "openmicroscopy.org/omero/client/mapAnnotation"
"""Of the key-value pairs that users write in OMERO's clients."""

OWN_NAMESPACES = {TIER_NAMESPACE, REQUEST_NAMESPACE, OBJECT_NAMESPACE}


Name = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class Section(BaseModel):
    """A part of the configuration file: unknown keys are mistakes, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AttributeSettings(Section):
    """Some AVUs that are kept the same as tags of a namespace, tags in a tag set, or key-value pairs in OMERO."""

    avu: Name = Field(
        description="Attribute of AVUs on data objects; one that ends with a star stands for all that start so, "
        "each of which has a key of its own in OMERO."
    )
    tag_namespace: Name | None = Field(default=None, description="Namespace of the tags whose texts are its values.")
    tag_set: Name | None = Field(
        default=None,
        description="Name of the tag set in which the tags are whose texts are its values; made if absent.",
    )
    key: Name | None = Field(
        default=None,
        description="Key of the key-value pairs whose values are its values; ends with a star where `avu` does, and "
        "what comes there is the same on both sides.",
    )
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
        places = [place for place in (self.tag_namespace, self.tag_set, self.key) if place is not None]
        if len(places) != 1:
            raise ValueError("exactly one of `tag_namespace`, `tag_set` and `key` says where its values are in OMERO")
        many = self.avu.endswith(STAR)
        if many != (self.key or "").endswith(STAR):
            raise ValueError("an attribute that ends with a star needs a key that does, and the other way round")
        if self.values and is_template(self.units or ""):
            raise ValueError("`values` and a template of `units` do not go together: what is translated is not clear")
        return self

    @property
    def place(self) -> Place:
        """Where in OMERO its values are."""
        if self.key is not None:
            return key_in(self.key_namespace, self.key)
        return tags_in(self.tag_set) if self.tag_set is not None else tags_of(self.tag_namespace or "")


def check_attributes(mapped: Sequence[AttributeSettings], names: Names) -> None:
    """The merge of one attribute must not undo that of another, nor touch what this policy itself writes.

    Raises:
        ValueError: It could.
    """
    ours = [f"{names.prefix}::{STAR}", f"irods::{STAR}"]
    for attribute in mapped:
        if names.is_ours(attribute.avu) or any(_meet(attribute.avu.strip().lower(), own.lower()) for own in ours):
            raise ValueError(f"{attribute.avu!r} belongs to this policy or to storage tiering")
        if (
            OWN_NAMESPACES & {attribute.tag_namespace, attribute.key_namespace}
            or attribute.tag_set in TAG_SETS.values()
        ):
            raise ValueError(f"{attribute.place.title!r} belongs to this policy")
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

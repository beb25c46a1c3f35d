"""What all parts of the configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=250)]


class Section(BaseModel):
    """A part of the configuration file: unknown keys are mistakes, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

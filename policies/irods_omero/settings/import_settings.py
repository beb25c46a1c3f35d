"""How a site has its files imported: a part of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from irods_omero.domain.state.directories.completion import Completion, completion_of, why_no_completion
from irods_omero.domain.state.formats.file_rule import FileRule, OwnRules, own_rule, why_no_rule
from irods_omero.settings.mapping import Name, Section
from irods_omero.vocabulary import SETTLED

ASK = "ask"


class FileRuleSettings(Section):
    """Which files belong together, where `omero::import` is `auto`, and in directories. Case does not matter."""

    name: Name = Field(
        description="What the rule is called in messages. The rules are tried in their order, before those that hold "
        "everywhere."
    )
    opens: list[Name] = Field(
        min_length=1,
        description="Patterns of the names of the files that Bio-Formats opens, as in '*.abc'. One with a slash says "
        "in which collection they lie, too, as in 'well_*/*.abc': `beside` then leads from above that on, and all "
        "of them there are one unit, of which the first by path is opened, as each is as good.",
    )
    beside: list[Name] = Field(
        default=[],
        description="Patterns of the paths of what belongs to such a file, from its collection on, as in '{stem}.log' "
        "or '{stem}_parts/*'; `{stem}` is what the star stands for in `opens`. Without any it is a unit of its own.",
    )
    needed: bool = Field(default=False, description="Whether it is incomplete as long as nothing of that is there.")

    @model_validator(mode="after")
    def _can_be_matched(self) -> FileRuleSettings:
        if why := why_no_rule(self.opens, self.beside, self.needed):
            raise ValueError(why)
        return self

    def as_rule(self) -> FileRule:
        """The rule, as decisions know it."""
        return own_rule(self.name, self.opens, self.beside, self.needed)


class ImportSettings(Section):
    """How imports are tried."""

    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3,
        description="After how many attempts a file of which OMERO can make no images is given up, and a request whose "
        "movements fail is refused (but not before `recall_hours`).",
    )
    backoff_seconds: Annotated[float, Field(ge=0)] = Field(
        default=60.0, description="Pause before the second attempt, doubled before each further one."
    )
    settle_seconds: Annotated[float, Field(ge=0)] = Field(
        default=2.0,
        description="For how long a file must not have been written to before it is imported: longer where files grow "
        "by being appended to. Below 2, changes within a second that keep the size can be missed.",
    )
    complete: str = Field(
        default=SETTLED,
        description="What says that a directory is complete, besides that its files have come to rest: 'settled', "
        "nothing else; 'marker NAME', a file of this name in it; 'manifest NAME', that all is there as the manifest of "
        "this name says; 'avu', the AVU `omero::complete` with the value 'done' on its collection. The same AVU on a "
        "collection above says otherwise for what is below it.",
    )
    changes: Literal["import", "ask"] = Field(
        default="import",
        description="What becomes of a unit of several files, such as a directory, of which files come, change or go "
        "after it was imported: 'import', it is imported anew when it has come to rest; 'ask', it says what has "
        "changed, and is imported anew when the request `import` asks for it.",
    )
    per_sweep: Annotated[int, Field(ge=1)] = Field(
        default=20,
        description="How many imports may be begun and not yet done, beside the first of each owner. They come last in "
        "a sweep, so that requests need not wait. The same number limits the filesets taken in from OMERO, and OMERO's "
        "copies that are removed, compared or brought back.",
    )
    file_rules: list[FileRuleSettings] = Field(
        default=[],
        description="Which files belong together at this site, tried in this order and before what holds everywhere "
        "(docs/units.md).",
    )
    parallel: Annotated[int, Field(ge=1, le=64)] = Field(
        default=4,
        description="How many imports, filesets that came through OMERO first, and copies in OMERO, are worked on at "
        "the same time, those of different owners first; each takes sessions of its own on both sides. Where somebody "
        "has several of them under way, whoever has none does not wait: one of each owner is done beside them, until "
        "these are as many owners as this number.",
    )

    @field_validator("complete")
    @classmethod
    def _says_when_it_is_complete(cls, text: str) -> str:
        if why := why_no_completion(*completion_of(text)[:2]):
            raise ValueError(f"it says {why}")
        return text

    def completion(self) -> Completion:
        """What says that a directory is complete, where no collection says otherwise."""
        return completion_of(self.complete)

    def own_rules(self) -> OwnRules:
        """Which files belong together at this site, as decisions know it."""
        return tuple(rule.as_rule() for rule in self.file_rules)

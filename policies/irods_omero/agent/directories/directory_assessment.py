"""What a look at a directory, or at a collection whose files the agent groups, has found, and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from irods_omero.domain.rules.directories.auto import FileCorrection
from irods_omero.domain.rules.directories.directory_decision import DirectoryDecision
from irods_omero.domain.state.directories.member_list import MemberList
from irods_omero.domain.state.views import Correction, DataObject


@dataclass(frozen=True)
class DirectoryAssessment:
    """What was seen of a directory, and what is to be done.

    Attributes:
        path: The collection.
        decisions: Whether its files are made a unit, or which of them are.
        to_mark: Catalog ids of the first data objects of units that lose files to it, and of what leaves directories:
            nobody would know of that if carrying out were broken off.
        strays: Data objects that say that they belong to its unit, and lie in no directory.
        corrections: What it says is wrong with its files, and what it is to say.
        of_files: What its files themselves say is wrong with them, and are to say.
        due: Catalog ids of what is to be observed: what it is made of, and files on which anything is said.
        lists: What collections are to say of which files are their unit, None for nothing.
    """

    path: str
    decisions: tuple[DirectoryDecision, ...]
    to_mark: frozenset[int]
    strays: tuple[DataObject, ...]
    corrections: tuple[Correction, ...]
    of_files: tuple[FileCorrection, ...]
    due: frozenset[int]
    lists: Mapping[str, MemberList | None] = field(default_factory=dict)

    @property
    def actions(self) -> int:
        """How many AVUs are to be written or removed."""
        joining = sum(len(decision.joining) for decision in self.decisions)
        return joining + len(self.strays) + len(self.corrections) + len(self.of_files) + len(self.lists)

    @property
    def waits(self) -> bool:
        """Whether it is to be looked at again soon, without a new mark."""
        return any(decision.wait for decision in self.decisions)

    @property
    def only_waits(self) -> bool:
        """Whether nothing is to be done now, but soon."""
        return self.waits and not self.actions

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be done or to be waited for."""
        return not self.actions and not self.waits

    def about(self, path: str = "") -> DirectoryDecision:
        """The decision about a data object; about all of the collection, in words, where there are several."""
        of_file = [decision for decision in self.decisions if any(each.path == path for each in decision.files)]
        of_all = [decision for decision in self.decisions if not decision.files]
        if of_file or of_all:
            return (of_file or of_all)[0]
        units = sum(decision.unit is not None for decision in self.decisions)
        wrong = sum(len(decision.files) for decision in self.decisions if decision.error)
        return DirectoryDecision(f"its files are {units} units so far, and with {wrong} of them something is wrong")

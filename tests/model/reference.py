"""What must be so in the end, as far as it follows from what people did: nothing here knows how the product decides.

A thing is *clean* when an undisturbed agent has looked at it since anybody last did something to it. What people do to
clean things has one outcome; of what they do to others only this is claimed, that both sides say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Thing:
    """One data object.

    Attributes:
        path: Where it is now.
        data_id: Its catalog id.
        version: Number of its content; no two are alike.
        is_picture: Whether OMERO can read that.
        deleted: The version of which somebody deleted the images.
        sure: Keywords that both sides must have.
        banned: Keywords that no side may have.
        only_in_omero: Those of ``sure`` that no agent may have seen yet.
        only_taken_in_omero: Those of ``banned`` that no agent may have seen to be gone.
        keeps: Whether it must be held: None where nobody can tell.
        clean: See above.
        lossy: Whether a mark or an event of it may have been lost.
    """

    path: str
    data_id: int
    version: int
    is_picture: bool
    deleted: int = 0
    sure: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=set)
    only_in_omero: set[str] = field(default_factory=set)
    only_taken_in_omero: set[str] = field(default_factory=set)
    keeps: bool | None = False
    clean: bool = False
    lossy: bool = False

    @property
    def in_trash(self) -> bool:
        """Whether it was thrown away."""
        return "/trash/" in self.path

    def touched(self) -> None:
        """Somebody did something to it; what is in the trash is not watched."""
        self.clean = False
        self.lossy = self.lossy or self.in_trash

    def moved_to(self, path: str) -> None:
        """It has another path."""
        self.path = path
        self.clean = False

    def is_lost(self) -> None:
        """What would lead agents to it may be gone."""
        self.lossy = self.lossy or not self.clean

    def looked_at(self) -> None:
        """An undisturbed agent has looked at all that is marked and hinted at."""
        if not self.lossy:
            self.is_reconciled()

    def is_reconciled(self) -> None:
        """An undisturbed agent has looked at everything."""
        self.clean, self.lossy = True, False
        self.only_in_omero.clear()
        self.only_taken_in_omero.clear()

    def loses_images(self) -> None:
        """The images that people saw are deleted: what only they said may be gone with them."""
        self.sure -= self.only_in_omero
        self.banned -= self.only_taken_in_omero
        if not self.clean:
            self.keeps = None
        self.touched()

    def gets_content(self, version: int, is_picture: bool) -> None:
        """It was overwritten; what people then do to its earlier images counts until there are new ones."""
        if not self.clean:
            self.keeps = None
        self.touched()
        self.version, self.is_picture = version, is_picture

    def gets_keyword(self, value: str, in_omero: bool) -> None:
        """Somebody added a keyword, which has never been used before."""
        if in_omero and not self.clean:
            self.touched()
            return
        self.sure.add(value)
        if in_omero:
            self.only_in_omero.add(value)
        self.touched()

    def loses_keyword(self, value: str, in_omero: bool) -> None:
        """Somebody took a keyword away that is there on that side."""
        if self.clean:
            self.banned.add(value)
            if in_omero:
                self.only_taken_in_omero.add(value)
        self.sure.discard(value)
        self.touched()

    def is_asked(self, request: str) -> None:
        """Somebody asks for something."""
        self.keeps = True if request == "keep" and self.clean and self.keeps is False else None
        self.touched()

    def is_no_longer_asked(self) -> None:
        """Somebody takes a request away."""
        self.keeps = False if self.clean and self.keeps else None
        self.touched()

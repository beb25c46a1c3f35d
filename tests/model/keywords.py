"""The kinds of mapped attributes that the model knows: tags, and key-value pairs beside those of users."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.cases import KEYWORD, KEYWORDS, LABEL, LABELS
from tests.scene import Scene
from tests.scene.snapshot import ImageShown


@dataclass(frozen=True)
class Kind:
    """One attribute.

    Attributes:
        avu: The attribute in the zone.
        place: In OMERO the namespace of tags, or the key.
        is_key: Whether it is a key.
    """

    avu: str
    place: str
    is_key: bool

    def shown(self, image: ImageShown) -> list[str]:
        """The values on an image."""
        return sorted(
            value for place, value in (image.users_pairs if self.is_key else image.tags) if place == self.place
        )

    def add(self, scene: Scene, image: int, value: str) -> None:
        """A user adds a value in OMERO."""
        if self.is_key:
            scene.pairs(image).add(self.place, value)
        else:
            scene.add_own_tag(image, self.place, value)

    def remove(self, scene: Scene, image: int, value: str) -> None:
        """A user takes a value away in OMERO."""
        if self.is_key:
            scene.pairs(image).remove(self.place, value)
        else:
            scene.take_tag_away(image, value)


KINDS_OF_KEYWORDS = (Kind(KEYWORD, KEYWORDS, is_key=False), Kind(LABEL, LABELS, is_key=True))

"""The requests that users can make: for each word what it does, and what users read about it."""

from __future__ import annotations

from dataclasses import dataclass

from irods_omero.vocabulary import ARCHIVE, IMPORT, KEEP, RESTAGE, SHOW

FIRST_TIER = 0
"""The one that data is restaged to, where storage tiering says so another than the first of the group."""

LAST_TIER = -1


@dataclass(frozen=True)
class Request:
    """A request word and its meaning.

    Attributes:
        text: The word, as the value of an AVU and as the text of a tag.
        description: The description of the tag in OMERO.
        destination: Index, in its tier group, of the tier that data is moved to; None for a request that holds data
            where it is, until a user removes the request.
        shows: Whether it asks that OMERO can read the files; nothing is moved in iRODS.
        imports: Whether it asks for the images: it is answered at the first look, and never pending. The tag is
            understood, but not offered: on an image it only makes sense while new content of its files was given up.
    """

    text: str
    description: str
    destination: int | None = None
    shows: bool = False
    imports: bool = False

    @property
    def holds(self) -> bool:
        """Whether the request stands until a user removes it, and nothing is moved."""
        return self.destination is None and not self.shows and not self.imports


REQUEST_TABLE = (
    Request(ARCHIVE, "Put this on an image to have its files moved to the archive.", LAST_TIER),
    Request(RESTAGE, "Put this on an image to have its files brought back from the archive.", FIRST_TIER),
    Request(KEEP, "Put this on an image to have its files held where they are."),
    Request(SHOW, "Put this on an image to have OMERO's copy of its files brought back from iRODS.", shows=True),
    Request(IMPORT, "Put this on an image to have new content of its files imported that was given up.", imports=True),
)
"""One line for each of ``vocabulary.REQUESTS``, in the same order."""


def is_moved_by(word: str) -> bool:
    """Whether a request has storage tiering move data."""
    return any(request.text == word and request.destination is not None for request in REQUEST_TABLE)


STANDING = tuple(request.text for request in REQUEST_TABLE if not request.imports)
"""The requests that are pending until they are served, refused or taken back."""

_BY_TEXT = {request.text: request for request in REQUEST_TABLE}


def request_for(text: str) -> Request:
    """The request of one of ``vocabulary.REQUESTS``.

    Raises:
        KeyError: The text is none of them.
    """
    return _BY_TEXT[text]

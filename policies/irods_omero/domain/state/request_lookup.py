"""The requests that users can make, looked up by word; their table is in ``vocabulary.py``."""

from __future__ import annotations

from irods_omero.vocabulary import REQUEST_TABLE, Request

STANDING = tuple(request.text for request in REQUEST_TABLE if not request.imports)
"""The requests that are pending until they are served, refused or taken back."""

HOLDING = tuple(request.text for request in REQUEST_TABLE if request.holds)
"""Those that hold data, until they are taken back."""

PASSING = tuple(request.text for request in REQUEST_TABLE if not request.holds)
"""Those that somebody waits for: they are gone when they are answered."""

IMPORTING = tuple(request.text for request in REQUEST_TABLE if request.imports)
"""Those that ask for the images."""

NO_REQUEST = Request("", "", "")

_BY_TEXT = {request.text: request for request in REQUEST_TABLE}


def request_for(text: str) -> Request:
    """The request of one of ``vocabulary.REQUESTS``.

    Raises:
        KeyError: The text is none of them.
    """
    return _BY_TEXT[text]


def request_or_none(text: str) -> Request:
    """The request of a text, ``NO_REQUEST`` where it is none: one that does nothing."""
    return _BY_TEXT.get(text, NO_REQUEST)

"""Opens OMERO.web by a link to an image, as somebody does who is not logged in."""

from __future__ import annotations

import re

import requests

from irods_omero.doctor.facts.records import WebFacts

SECONDS = 10
"""For how long one answer is waited for."""

IMAGE = "show=image-1"
"""What is to arrive of a link; whether there is such an image is not asked of anybody who is not logged in."""

_VERSION = re.compile(r"OMERO\.web (\d+(?:\.\d+)+)")
"""In the footer of the login page."""

_NAMES = ("OMERO.web", "webgateway/")
"""One of which is on each page: its own name, or the folder of its styles."""


def observe_web(address: str) -> WebFacts:
    """What comes of a link to an image.

    Args:
        address: ``omero.web`` of the policy file.
    """
    if not address:
        return WebFacts()
    link = f"{address}/webclient/?{IMAGE}"
    try:
        answer = requests.get(link, timeout=SECONDS)
    except requests.RequestException as error:
        return WebFacts(link, unreachable=str(error))
    is_omero = any(name in answer.text for name in _NAMES)
    version = _VERSION.search(answer.text)
    return WebFacts(link, "", answer.status_code, answer.url, is_omero, version.group(1) if version else "")

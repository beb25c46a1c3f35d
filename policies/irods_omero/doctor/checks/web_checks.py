"""Judges what comes of the links to images that users find on their data objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from irods_omero.doctor.facts.records import Facts, WebFacts
from irods_omero.doctor.finding import Finding, failure, ok, warning

CHECK = "OMERO.web"
SHOWS_LOCKS = (5, 27)
SERVER_ERROR = 500
ERROR = 400
ADDRESS = "give omero.web the address that users have in their browsers, with the prefix that OMERO.web may have"


def links(facts: Facts) -> Iterator[Finding]:
    """Whether links to images lead to OMERO.web, and whether it shows what is out of reach."""
    web = facts.web
    if web is None:
        return
    if not web.link:
        yield warning(CHECK, "not looked at: omero.web is empty, so that data objects have no links", ADDRESS)
    elif web.unreachable:
        advice = "make sure that this address can be opened from here; HTTPS_PROXY and REQUESTS_CA_BUNDLE count"
        yield failure(CHECK, f"{web.link}: {web.unreachable}", advice)
    elif web.status >= SERVER_ERROR:
        advice = "see that OMERO.web runs behind its web server: omero web status"
        yield failure(CHECK, f"{web.link} is answered with {web.status}", advice)
    elif web.status >= ERROR:
        yield failure(CHECK, f"{web.link} is answered with {web.status}", ADDRESS)
    else:
        yield _page(web)


def _page(web: WebFacts) -> Finding:
    """Judge the page that a link leads to, which may be one to log in."""
    asked, landed = urlsplit(web.link), urlsplit(web.landed)
    if landed.hostname != asked.hostname:
        return ok(CHECK, f"links lead to {landed.hostname}, where users log in")
    if not web.is_omero:
        return failure(CHECK, f"{web.landed} is not a page of OMERO.web", ADDRESS)
    # To log in, the link is handed on as a parameter.
    if asked.query not in unquote(landed.query):
        return warning(CHECK, f"links lead to {web.landed}: the image is lost on the way", ADDRESS)
    if web.version and tuple(map(int, re.findall(r"\d+", web.version)[:2])) < SHOWS_LOCKS:
        text = f"version {web.version} shows no lock on archived images"
        return warning(CHECK, text, "update OMERO.web to 5.27 or later")
    return ok(CHECK, f"links to images are answered by version {web.version or 'unknown'}")

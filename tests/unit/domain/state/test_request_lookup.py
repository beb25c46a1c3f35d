"""Request words: each has one meaning, and what users read about it."""

from __future__ import annotations

import pytest

from irods_omero.domain.state.request_lookup import NO_REQUEST, request_for, request_or_none
from irods_omero.vocabulary import REQUEST_TABLE, Request


@pytest.mark.parametrize("request_", REQUEST_TABLE)
def test_each_word_leads_to_its_meaning(request_: Request) -> None:
    assert request_for(request_.text) is request_
    assert request_.description
    assert request_.moves + request_.holds + request_.shows + request_.imports == 1


def test_another_text_is_no_request() -> None:
    with pytest.raises(KeyError):
        request_for("Archive")
    assert request_or_none("Archive") is NO_REQUEST
    assert not NO_REQUEST.moves + NO_REQUEST.holds + NO_REQUEST.shows + NO_REQUEST.imports

"""Request words: hooks and agent know the same ones."""

from __future__ import annotations

import pytest

from irods_omero.domain.state.request_words import REQUEST_TABLE, Request, request_for
from irods_omero.vocabulary import REQUESTS


def test_the_table_and_the_list_that_hooks_read_agree() -> None:
    assert tuple(request.text for request in REQUEST_TABLE) == REQUESTS


@pytest.mark.parametrize("request_", REQUEST_TABLE)
def test_each_word_leads_to_its_meaning(request_: Request) -> None:
    assert request_for(request_.text) is request_
    assert request_.description
    assert request_.holds + request_.shows + request_.imports == (request_.destination is None)


def test_another_text_is_no_request() -> None:
    with pytest.raises(KeyError):
        request_for("Archive")

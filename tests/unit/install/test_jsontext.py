from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.install.jsontext import JsonText

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)
INDENTS = st.sampled_from([None, 0, 1, 2, 4, "\t"])


@st.composite
def texts(draw: st.DrawFn) -> str:
    value = {"before": draw(VALUES), "list": draw(st.lists(VALUES, min_size=1, max_size=4)), "after": draw(VALUES)}
    text = json.dumps(value, indent=draw(INDENTS), ensure_ascii=draw(st.booleans()))
    return draw(st.sampled_from(["", "\n", " \r\n"])) + text + draw(st.sampled_from(["", "\n"]))


@given(texts(), VALUES, st.data())
def test_inserting_changes_the_value_as_list_insert_does_and_removing_gives_the_same_text_back(
    text: str, item: Any, data: st.DataObject
) -> None:
    document = JsonText(text)
    index = data.draw(st.integers(0, len(document.value["list"])))
    longer = document.inserted(("list",), index, item)
    expected = json.loads(text)
    expected["list"].insert(index, item)
    assert longer.value == expected
    assert list(longer.value) == list(document.value)
    assert longer.removed(("list",), index).text == text


@given(texts(), st.data())
def test_removing_changes_the_value_as_del_does(text: str, data: st.DataObject) -> None:
    document = JsonText(text)
    index = data.draw(st.integers(0, len(document.value["list"]) - 1))
    expected = json.loads(text)
    del expected["list"][index]
    assert document.removed(("list",), index).value == expected


def test_an_empty_list_gets_its_first_item() -> None:
    assert JsonText('{"list": [ ]}').inserted(("list",), 0, "x").text == '{"list": ["x"]}'


def test_what_is_inserted_looks_like_its_neighbours() -> None:
    text = '{\n  "list": [\n    {\n      "a": 1\n    }\n  ]\n}'
    expected = '{\n  "list": [\n    {\n      "b": 2\n    },\n    {\n      "a": 1\n    }\n  ]\n}'
    assert JsonText(text).inserted(("list",), 0, {"b": 2}).text == expected

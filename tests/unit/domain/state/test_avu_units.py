"""Units of mapped AVUs: how they are told from the value in a text of OMERO, and which templates cannot tell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.avu_units import is_template, joined, split, why_no_template

TEMPLATES = ("{value} {unit}", "{value} [{unit}]", "{unit}: {value}", "<{value}|{unit}>")
WORDS = st.text(min_size=1, max_size=6)


@pytest.mark.parametrize("template", TEMPLATES)
@given(value=WORDS, unit=WORDS)
def test_value_and_unit_of_a_text_show_that_text_again(template: str, value: str, unit: str) -> None:
    text = joined(template, value, unit)
    again = split(template, text)
    assert joined(template, *again) == text
    assert split(template, text, [unit]) == (value, unit)


@pytest.mark.parametrize("template", TEMPLATES[:2])
@given(value=WORDS, unit=st.text("°Cm/µ2^-", min_size=1, max_size=6))
def test_a_unit_without_what_is_between_the_two_is_told_from_any_value(template: str, value: str, unit: str) -> None:
    assert split(template, joined(template, value, unit)) == (value, unit)


@pytest.mark.parametrize(("template", "between"), list(zip(TEMPLATES, (" ", " [", ": ", "|"), strict=True)))
@given(data=st.data())
def test_a_text_of_another_shape_is_a_value_without_unit(template: str, between: str, data: st.DataObject) -> None:
    text = data.draw(WORDS.filter(lambda text: between not in text))
    assert split(template, text) == split(template, text, [text]) == (text, "")


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_that_can_be_used(template: str) -> None:
    assert is_template(template)
    assert why_no_template(template) == ""


@pytest.mark.parametrize(
    "template",
    [
        "{value}",
        "{unit}",
        "{value}{unit}",
        "{value} {value}",
        "{value} {units}",
        "{value} {unit",
        "{} {}",
        "{{value}} {unit}",
        "{value!r} {unit}",
        "{value} {unit} {unit}",
    ],
)
def test_templates_that_cannot_be_used(template: str) -> None:
    assert is_template(template)
    assert why_no_template(template)

"""Every generated file is the one that the code of today makes."""

from __future__ import annotations

import pytest

from tools.generated import GENERATED, TOP


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_up_to_date(name: str) -> None:
    file = TOP / name
    assert file.exists(), f"{name} is missing; run: make generate"
    assert file.read_text(encoding="utf-8") == GENERATED[name](), f"{name} is stale; run: make generate"

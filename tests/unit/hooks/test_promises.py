"""Every promise of the hooks is kept under this Python; test_interpreters.py tries the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.hooks.under import PROMISES


@pytest.mark.parametrize("promise", [promise for _, promise in PROMISES], ids=[name for name, _ in PROMISES])
def test_a_promise_is_kept(promise: Callable[[], object]) -> None:
    promise()

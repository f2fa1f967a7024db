"""Stories are told on a fixed day."""

from __future__ import annotations

import pytest

from tests.attribution.histories import DAY_S, START_S

NOW_DAY = 100


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(START_S + NOW_DAY * DAY_S))

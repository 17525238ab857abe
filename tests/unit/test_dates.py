"""Dates of ``--at``: the same moment everywhere, the ends of time included."""

import time
from collections.abc import Iterator

import pytest

from zenprofile.store import dates


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Be in a time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00"])
def test_a_date_before_1970_is_before_it(zone: str, text: str) -> None:
    found = dates.parse(text)

    assert found is not None
    assert found < 0
    assert dates.rfc3339(found) < "1970"


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31", "2026-11-28", "today", "yesterday"])
def test_a_day_starts_a_day_before_it_ends(zone: str, text: str) -> None:
    start, end = dates.start(text), dates.parse(text)

    assert start is not None
    assert end is not None
    assert start <= end <= start + 25 * 3600  # an hour more where the clocks are set back
    assert start < end or text == "0001-01-01"  # at the start of time both are that start


@pytest.mark.parametrize("text", ["100 years ago", "999999 years ago"])
def test_long_ago_is_before_1970_too(text: str) -> None:
    found = dates.parse(text)

    assert found is not None
    assert found < 0
    assert dates.rfc3339(found) < "1970"


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31T23:59:59-14:00"])
def test_the_end_of_time_lies_ahead(zone: str, text: str) -> None:
    found = dates.parse(text)

    assert found is not None
    assert dates.rfc3339(found) > "9998"


@pytest.mark.parametrize(("seconds", "text"), [(1e14, "9999-12-31T23:59:59Z"), (-1e14, "0001-01-01T00:00:00Z")])
def test_what_lies_beyond_is_told_as_the_end(seconds: float, text: str) -> None:
    assert dates.rfc3339(seconds) == text

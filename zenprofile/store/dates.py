"""Dates as people write them in ``--at``: the same moment for every driver."""

import re
from time import gmtime

# Compiled where they are needed: most commands are told no date, and `datetime` costs more than all of this.
_AGO = r"(\d{1,6})[ .](second|minute|hour|day|week|month|year)s?[ .]ago\Z"
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2629746, "year": 31556952}
_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\Z"
# The ends of time, as text can say it: years 1 and 9999 in UTC.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
# Hour, minute, second, microsecond.
_START_OF_DAY, _END_OF_DAY = (0, 0, 0, 0), (23, 59, 59, 999999)


def parse(text: str) -> float | None:
    """Return a date as seconds since 1970, or None where the text is none.

    RFC 3339, or a part of it: without a time it is the end of that day, without an offset this machine's own zone.
    ``now``, ``yesterday`` (the end of that day) and ``2 hours ago`` are dates too.
    """
    return _parsed(text, _END_OF_DAY)


def start(text: str) -> float | None:
    """Return a date as `parse` does; one without a time is the start of that day, for ``--since``."""
    return _parsed(text, _START_OF_DAY)


def _parsed(text: str, without_time: tuple[int, int, int, int]) -> float | None:
    if text in {"now", "today", "yesterday"} or text.endswith("ago"):
        return _relative(text, without_time)
    if not re.match(_DATE, text):
        return None
    from datetime import datetime, time

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == 10:
        moment = datetime.combine(moment, time(*without_time))
    try:
        return moment.astimezone(moment.tzinfo or None).timestamp()
    except (OverflowError, ValueError):  # beside an end of time by its offset
        return float(_LAST if moment.year > 1 else _FIRST)


def _relative(text: str, without_time: tuple[int, int, int, int]) -> float | None:
    from datetime import datetime, time, timedelta

    now = datetime.now()
    if text == "now":
        return now.timestamp()
    if text in {"today", "yesterday"}:
        day = now - timedelta(days=text == "yesterday")
        return datetime.combine(day, time(*without_time)).timestamp()
    found = re.match(_AGO, text)
    if not found:
        return None
    return max(now.timestamp() - int(found[1]) * _UNITS[found[2]], _FIRST)


def rfc3339(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 in UTC, to the second; what lies beyond an end of time as that end."""
    at = gmtime(min(max(int(seconds), _FIRST), _LAST))
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*at[:6])

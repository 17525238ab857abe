"""A profile's settings of its watcher, on this machine: intervals, what it may do, a person's hook commands."""

import re
from collections.abc import Mapping
from typing import Any

from zenprofile.errors import UsageError
from zenprofile.watch.events import Policy

POLICIES = ("manual", "commit", "push")
HOOKS = ("on_change", "on_problem")
# Each interval, with the least that it may be, in seconds.
INTERVALS = {"quiet": 0.05, "longest": 0.05, "poll": 1.0, "push_every": 0.0}
KEYS = ("policy", *INTERVALS, *HOOKS)
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float:
    """Return a time span (``90``, ``0.5s``, ``30m``, ``2h``, ``1d``) in seconds.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)", text.strip())
    if found is None:
        raise UsageError(f"'{text[:40]}' is no time span", hint="write it as 90, 0.5s, 30m, 2h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def changed(settings: Mapping[str, Any], pairs: Mapping[str, str]) -> dict[str, Any]:
    """Return settings with some changed; an empty text takes one back to its default.

    Raises:
        UsageError: there is no such setting, or the text does not fit it.
    """
    result = dict(settings)
    for key, text in pairs.items():
        if key not in KEYS:
            raise UsageError(f"a watcher has no setting '{key[:40]}'", hint=f"choose one of {', '.join(KEYS)}")
        if not text:
            result.pop(key, None)
            continue
        result[key] = _value(key, text)
    return result


def _value(key: str, text: str) -> str | float:
    if key in INTERVALS:
        value = seconds(text)
        if value < INTERVALS[key]:
            raise UsageError(f"{key} is at least {INTERVALS[key]:g} seconds", hint="choose a longer one")
        return value
    if key == "policy" and text not in POLICIES:
        raise UsageError(f"there is no policy '{text[:40]}'", hint=f"choose one of {', '.join(POLICIES)}")
    return text


def policy(settings: Mapping[str, Any], *, push: bool = True) -> Policy:
    """Return what a watcher with these settings may do; ``push`` false holds back its commits."""
    spans: dict[str, Any] = {k: float(settings[k]) for k in INTERVALS if isinstance(settings.get(k), int | float)}
    word = settings.get("policy", "push")
    return Policy(**spans)._replace(commits=word != "manual", pulls=word != "manual", pushes=push and word == "push")


def hooks(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the hook commands by event."""
    return {key.removeprefix("on_"): str(settings[key]) for key in HOOKS if settings.get(key)}

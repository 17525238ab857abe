"""Keywords of JSON Schema as we run them: errors carry what words need, the pattern engine is chosen, steps count."""

import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any

from zenprofile.core.schema.fast_validator import frozen, python_pattern
from zenprofile.core.secrets.references import is_sensitive, only_references

# What a stranger's schema may cost on one document, in steps of jsonschema: about half a second.
MAX_STEPS = 400_000
ERROR_STEPS = 20  # an error costs more than a look

Keyword = Callable[[Any, Any, Any, Any], Any]
Search = Callable[[str, str], bool]
_steps: ContextVar[int] = ContextVar("steps", default=0)


class TooManySteps(Exception):
    """A schema costs more on this data than it may."""


def start() -> None:
    """Begin to count the steps of one document."""
    _steps.set(MAX_STEPS)


class Keywords:
    """What replaces jsonschema's own keywords.

    Args:
        search: says whether a pattern is found in a text.
        error: `jsonschema.ValidationError`; its message is the missing key of ``required``, its path ends with the key
            that ``additionalProperties`` refuses.
    """

    def __init__(self, search: Search, error: Callable[..., Any]) -> None:
        self.search = search
        self.error = error

    def table(self) -> dict[str, Keyword]:
        """Return the keywords by their words."""
        return {
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "required": self._required,
            "uniqueItems": self._unique_items,
            **dict.fromkeys(("x-sensitive", "sensitive", "format"), self._sensitive),
        }

    def _pattern(self, _: Any, value: str, instance: Any, schema: Any) -> Iterator[Any]:
        # Of a sensitive field `sensitive` says all there is to say.
        if isinstance(instance, str) and not is_sensitive(schema) and not self.search(value, instance):
            yield self.error("")

    def _pattern_properties(self, validator: Any, value: dict[str, Any], instance: Any, _: Any) -> Iterator[Any]:
        for pattern, schema in value.items() if isinstance(instance, dict) else ():
            for key, item in instance.items():
                if self.search(pattern, key):
                    yield from validator.descend(item, schema, path=key, schema_path=pattern)

    def _additional_properties(self, validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        known, named = schema.get("properties", {}), schema.get("patternProperties", {})
        for key, item in instance.items() if isinstance(instance, dict) else ():
            if key in known or any(self.search(pattern, key) for pattern in named):
                continue
            if value is False:
                yield self.error("", path=(key,))
            else:
                yield from validator.descend(item, value, path=key)

    def _required(self, _: Any, value: list[str], instance: Any, __: Any) -> Iterator[Any]:
        return (self.error(name) for name in value if isinstance(instance, dict) and name not in instance)

    def _unique_items(self, _: Any, value: bool, instance: Any, __: Any) -> Iterator[Any]:
        # In one pass: jsonschema compares what it cannot sort pair by pair.
        if value and isinstance(instance, list) and len(set(map(frozen, instance))) < len(instance):
            yield self.error("")

    def _sensitive(self, _: Any, __: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if is_sensitive(schema) and not only_references(instance):
            yield self.error("")


def counted(keywords: dict[str, Keyword]) -> dict[str, Keyword]:
    """Return keywords that take what they cost from the steps that `start` gave.

    They raise `TooManySteps` where these are used up.
    """
    return {word: _counted(word, keyword) for word, keyword in keywords.items()}


def _counted(word: str, keyword: Keyword) -> Keyword:
    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        cost = 1 + _size(value) + _size(instance)
        if word in ("patternProperties", "additionalProperties"):
            cost += _size(schema.get("patternProperties")) * _size(instance)
        _spend(cost)
        for error in keyword(validator, value, instance, schema) or ():
            _spend(ERROR_STEPS)
            yield error

    return run


def _spend(cost: int) -> None:
    left = _steps.get() - cost
    if left < 0:
        raise TooManySteps
    _steps.set(left)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else len(value) >> 6 if isinstance(value, str) else 0


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(python_pattern(pattern))


def search(pattern: str, text: str) -> bool:
    """Return whether a pattern of a schema that ships with us is found in a text."""
    return _compiled(pattern).search(text) is not None

"""A rule of the reader that is broken, and where; `reader` makes the user's error of it."""

from typing import Any

from zenprofile.errors import Invalid, Problem


class ParseError(Exception):
    """A rule is broken at a place (line and column from 1; 0 for none)."""

    def __init__(self, code: str, message: str, hint: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.line, self.column = code, message, hint, line, column

    def invalid(self, file: str) -> Invalid:
        """Return the error that users see."""
        return Invalid.of([Problem(file, self.line, self.column, "", self.message, self.hint, self.code)])


def at(mark: Any, code: str, message: str, hint: str) -> ParseError:
    """Return what is wrong at a mark of the parser."""
    return ParseError(code, message, hint, mark.line + 1, mark.column + 1)


def in_text(text: str, index: int, code: str, message: str, hint: str) -> ParseError:
    """Return what is wrong at an index of a text."""
    line = text.count("\n", 0, index)
    return ParseError(code, message, hint, line + 1, index - (text.rfind("\n", 0, index) + 1) + 1)

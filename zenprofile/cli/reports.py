"""Problems in the forms that hosts show beside a change: one table, a function for each form."""

import json
from collections.abc import Callable, Sequence

from zenprofile import __version__
from zenprofile.cli import output
from zenprofile.errors import Problem

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def annotations(problems: Sequence[Problem]) -> str:
    """Return commands of GitHub's workflows, one a line; what would end a value early stands escaped."""
    return "\n".join(map(_annotation, problems))


def _annotation(problem: Problem) -> str:
    file, title = (_escaped(output.safe_text(text)).replace(":", "%3A").replace(",", "%2C") for text in problem[0::6])
    place = f"file={file},line={max(problem.line, 1)},col={max(problem.column, 1)},title={title}"
    return f"::error {place}::{_escaped(output.safe_text(_describe(problem)))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _describe(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def sarif(problems: Sequence[Problem]) -> str:
    """Return SARIF 2.1.0, as GitHub's code scanning and other viewers take it."""
    rules = [{"id": code} for code in sorted({problem.code for problem in problems})]
    driver = {"name": "zenprofile", "version": __version__, "rules": rules}
    results = [
        {
            "ruleId": problem.code,
            "level": "error",
            "message": {"text": _describe(problem)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(problem.file), "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": max(problem.line, 1), "startColumn": max(problem.column, 1)},
                    }
                }
            ],
        }
        for problem in problems
    ]
    return json.dumps(
        {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    )


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file)


def code_quality(problems: Sequence[Problem]) -> str:
    """Return GitLab's Code Quality report."""
    import hashlib

    return json.dumps(
        [
            {
                "description": _describe(problem),
                "check_name": problem.code,
                "fingerprint": hashlib.sha256("\0".join(problem.identity).encode("utf-8", "surrogatepass")).hexdigest(),
                "severity": "major",
                "location": {"path": problem.file, "lines": {"begin": max(problem.line, 1)}},
            }
            for problem in problems
        ]
    )


FORMS: dict[str, Callable[[Sequence[Problem]], str]] = {
    "annotations": annotations,
    "sarif": sarif,
    "code-quality": code_quality,
}

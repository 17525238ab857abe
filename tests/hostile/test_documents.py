"""The corpus over the reader: the code that each case names, no code run, within time and memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile import corpus
from zenprofile.core.document import reader
from zenprofile.errors import Invalid, Problem

# Runs in a process of its own, bounded by the kernel: CPU seconds end it by SIGKILL, memory by MemoryError.
RUNNER = """
import json, sys
from zenprofile.core.document import reader
from zenprofile.errors import Invalid
try:
    reader.read(sys.stdin.buffer.read())
    code = ""
except Invalid as error:
    code = error.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"code": code, "kilobytes": int(peak.split()[1])}))
"""


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (corpus.SECONDS, corpus.SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (corpus.MEGABYTES * 1024 * 1024,) * 2)


def test_the_table_is_large_and_its_names_are_unique() -> None:
    assert len(corpus.CORPUS) >= 90
    assert len({case.name for case in corpus.CORPUS}) == len(corpus.CORPUS)
    assert all(len(case.raw()) <= corpus.MEBIBYTE or case.code == "too-large" for case in corpus.CORPUS)


@pytest.mark.parametrize("case", corpus.CORPUS, ids=lambda case: case.name)
def test_it_is_refused_by_its_code(case: corpus.Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    problems: tuple[Problem, ...] = ()
    try:
        assert isinstance(reader.read(case.raw()), dict)
    except Invalid as error:
        problems = error.problems

    assert [problem.code for problem in problems] == ([case.code] if case.code else [])
    assert all(problem.message.isprintable() and problem.hint for problem in problems)
    assert not list(tmp_path.iterdir())


HEAVY = [
    case for case in corpus.CORPUS if len(case.raw()) > 50_000 or "laughs" in case.name or "recursive" in case.name
]


@pytest.mark.parametrize("case", HEAVY, ids=lambda case: case.name)
def test_it_stays_within_time_and_memory(case: corpus.Document, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=case.raw(),
        capture_output=True,
        cwd=tmp_path,
        preexec_fn=bounded,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-500:]
    told = json.loads(done.stdout)
    assert told["code"] == case.code
    assert told["kilobytes"] < corpus.MEGABYTES * 1024
    assert not list(tmp_path.iterdir())

"""Docs tell what happens: every command in them runs, and what they show is what is printed.

A page is one session in an empty folder with an empty home. In a ``console`` block a line that starts with ``$ `` is a
command (``> `` goes on with it), and the lines after it are its output, errors among it; a command without any is
not compared. A line of dots stands for any lines, dots within a line for any text. ``bash`` blocks run as they are. A
comment ``<!-- machine: NAME -->`` moves the session to another home, which pages show as ``/home/NAME``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import real_zenml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$|^<!-- machine: (\w+) -->$", re.DOTALL | re.MULTILINE)
REPOSITORIES = ("acme/ml-platform", "acme/pipelines", "acme/stacks")

# What a page shows and another test runs.
ELSEWHERE = {
    "make demo": "tests/e2e/test_demo.py",
    "make test": "the run that this test is a part of",
}


class Step(NamedTuple):
    """A command of a page, or a change of machine."""

    command: str
    shown: list[str]
    machine: str = ""


def steps(page: str) -> Iterator[Step]:
    """Yield what a page does, in its order."""
    for block in BLOCK.finditer(page):
        language, body, machine = block.groups()
        if machine:
            yield Step("", [], machine)
        elif language == "bash":
            yield Step(body.rstrip("\n"), [])
        elif language == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                first, *rest = part.rstrip("\n").split("\n")
                more = 0
                while more < len(rest) and (rest[more].startswith("> ") or rest[more] == ">"):
                    more += 1
                command = "\n".join([first, *(line[2:] for line in rest[:more])])
                yield Step(command, rest[more:])


def pattern(shown: str) -> re.Pattern[str]:
    """Return what matches the output that a page shows."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "..." else ".*?".join(map(re.escape, line.split("..."))) + r"\n"
        for line in shown.splitlines()
    ]
    return re.compile("".join(lines) + r"\Z")


def lasting(printed: str) -> str:
    """Return an output without what no two runs share: commits, times, and the width of a table with paths in it."""
    text = re.sub(r"\b[0-9a-f]{9,10}\b|\b[0-9a-f]{40}\b", "COMMIT", printed)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:]{8}(?:Z|[+-]\d\d:\d\d)", "TIME", text)
    if "┏" in text:
        text = re.sub(r"([━─ ])\1+", r"\1", text)
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def without_preface(printed: str) -> str:
    """Return an output without the lines that say which profile is active; pages show them once."""
    return re.sub(r"\A(?:Running with.*\n)+", "", printed)


class Session:
    """A shell on one of the machines, which keeps its folder and variables between commands."""

    END = "=== end of output, status "

    def __init__(self, home: Path, remote: Path) -> None:
        (home / "work").mkdir(parents=True)
        self.home = home
        bin_ = str(Path(sys.executable).parent)
        environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join([bin_, os.environ["PATH"], str(real_zenml.OWN.parent)]),
            "ZENML_ANALYTICS_OPT_IN": "false",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHON_KEYRING_BACKEND": os.environ["PYTHON_KEYRING_BACKEND"],
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "100",
        }
        name = home.name.capitalize()
        (home / ".gitconfig").write_text(
            f"[user]\n\tname = {name}\n\temail = {name.lower()}@example.com\n[init]\n\tdefaultBranch = main\n"
            f"[core]\n\tsshCommand = {remote}/ssh\n",
            encoding="utf-8",
        )
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=home / "work",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit status and all it printed."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{{\n{command}\n}} </dev/null\nprintf '\\n{self.END}%s\\n' $?\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(self.END):
                break
            printed.append(line)
        else:
            pytest.fail(f"the shell ended in: {command}\n{''.join(printed)}")
        text = "".join(printed).removesuffix("\n").replace(str(self.home), f"/home/{self.home.name}")
        return int(line.removeprefix(self.END)), text

    def close(self) -> None:
        """End the shell."""
        self._shell.communicate()


def make_remotes(folder: Path) -> None:
    """Make the repositories that pages reach, empty, and what stands for the way to their host."""
    for name in REPOSITORIES:
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder / f"{name}.git"], check=True)
    ssh = folder / "ssh"  # its last argument is the command that git would run there, with a path from the host's root
    ssh.write_text(
        f'#!/bin/sh\ncd {folder}\nfor command; do :; done\neval "$(echo "$command" | sed "s, \'/, \',")"\n',
        encoding="utf-8",
    )
    ssh.chmod(0o755)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[dict[str, Session]]:
    """Hold the machines of a page, each made when it is first met."""
    found: dict[str, Session] = {}
    yield found
    for session in found.values():
        session.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, machines: dict[str, Session]) -> None:
    remote = tmp_path / "remote"
    make_remotes(remote)
    name = "ana"
    for step in steps(page.read_text(encoding="utf-8")):
        if step.machine:
            name = step.machine
            continue
        if step.command in ELSEWHERE:
            continue
        if name not in machines:
            machines[name] = Session(tmp_path / name, remote)
        status, printed = machines[name].run(step.command)
        fails = any(line.startswith("Error: ") for line in step.shown)
        assert (status != 0) == fails, f"$ {step.command}\n{printed}(status {status})"
        if step.shown:
            shown = lasting("\n".join(step.shown) + "\n")
            told = lasting(printed if shown.startswith("Running with") else without_preface(printed))
            assert pattern(shown).match(told), f"$ {step.command}\nshown:\n{shown}\nprinted:\n{told}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_shell_block_is_run() -> None:
    languages = {
        block[1] for page in PAGES for block in BLOCK.finditer(page.read_text(encoding="utf-8")) if not block[3]
    }
    assert languages <= {"console", "bash", "yaml", "json", "text", "python", "sql"}


def test_the_makefile_has_the_targets_that_contributors_are_told_of() -> None:
    told = re.findall(r"`?make ([a-z]+)`?", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(told) - {"test"} <= set(targets)
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("make test")


def test_the_reference_is_that_of_the_commands() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "reference.py", "--check"], check=False)
    assert done.returncode == 0, "make reference"

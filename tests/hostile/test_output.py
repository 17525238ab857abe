"""What others say comes on the terminal as text: a server's refusal, git's own words, a program's, the user's own."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.test_repositories import UNSAFE
from zenprofile.cli import output

ESCAPES = "\\033]0;owned\\007\\033[31m\\342\\200\\256\\302\\233"


@pytest.fixture
def remote(folder: Path, tmp_path: Path) -> Path:
    """Give the profile a remote whose hook refuses, with escape sequences in its words."""
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    subprocess.run(["git", "remote", "add", "origin", str(path)], cwd=folder, check=True)
    hook = path / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\nprintf '{ESCAPES} no [bold]\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    return path


@pytest.mark.parametrize("line", ["push", "sync", "push -o json", "-v sync"])
def test_a_servers_refusal_is_shown_as_text(run: Any, remote: Path, line: str) -> None:
    failed = run(line, fails=1)

    assert not UNSAFE.search(failed.out + failed.err)
    assert "no [bold]" in (failed.error["message"] if "json" in line else failed.err)
    assert "\\x1b" in failed.err or "\\u001b" in failed.err


def test_gits_own_words_are_shown_as_text(run: Any, folder: Path) -> None:
    subprocess.run(["git", "config", "remote.origin.url", "/nowhere/\x1b[31m\u202e"], cwd=folder, check=True)

    for line in ("push", "pull", "status", "status -o json", "remote"):
        done = run(line, fails=4 if line in {"push", "pull"} else 0)
        assert not UNSAFE.search(done.out + done.err), line


WORDS = "\x1b]0;x\x07\u202e\x9b2J\u2066\x7f"


@pytest.mark.parametrize(
    "words",
    [
        ["stack", "describe", WORDS],
        ["component", "register", WORDS, "--type", WORDS, "--flavor", WORDS],
        ["component", "register", "x", "--type", "orchestrator", "--flavor", "local", "--set", f"{WORDS}=1"],
        ["user", "create", "eve", "--email", WORDS],
        [WORDS],
        ["--" + WORDS],
        ["--profile", WORDS, "stack", "list"],
        ["stack", "list", "--at", WORDS],
        ["blame", WORDS],
        ["log", WORDS],
        ["validate", WORDS],
        ["create", "x", "--url", WORDS],
        ["remote", "set", WORDS],
        ["config", "sync", WORDS],
        ["override", "set", WORDS, "a=1"],
        ["secrets", "allow", WORDS, WORDS],
        ["schema", "export", f"/dev/null/{WORDS}"],
    ],
    ids=lambda words: " ".join(words)[:25].encode("unicode_escape").decode(),
)
@pytest.mark.parametrize("format_", ["table", "json"])
def test_what_a_user_types_is_shown_as_text(run: Any, folder: Path, words: list[str], format_: str, capsys) -> None:
    from zenprofile.cli.main import main

    main([*words, "-o", format_] if "--" + WORDS not in words else words)

    out, err = capsys.readouterr()
    assert not UNSAFE.search(out + err), (out + err).encode()


def test_what_is_kept_is_shown_as_text_and_comes_back_from_json(run: Any, profile: str) -> None:
    run("user create eve --full-name", WORDS)
    run("stack update default --description", WORDS, "--message", f"why {WORDS}")

    lines = (
        "user list",
        "user describe eve",
        "stack list",
        "stack describe default",
        "log",
        "show HEAD",
        "diff HEAD~1",
    )
    for line in (*lines, "blame user/eve", "component list"):
        for end in ("", " -o json", " -o yaml"):
            done = run(line + end, fails=1 if profile == "sql" and line == "diff HEAD~1" else 0)
            assert not UNSAFE.search(done.out + done.err), line + end
    assert json.loads(run("user describe eve -o json").out)["full_name"] == WORDS


def test_progress_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.progress("remote: \x1b[2J\u202e\rCounting 10%\x1b]0;x\x07\n")

    shown = capsys.readouterr().err
    assert re.fullmatch(r"\r[^\x00-\x1f\x7f-\x9f\u202e]*\x1b\[K", shown)
    output.print_result("done")
    output.print_result("all")
    assert capsys.readouterr() == ("done\nall\n", "\r\x1b[K")

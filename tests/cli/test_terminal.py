"""What a terminal shows: tables that fit its window, long texts through the pager that git would use."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from zenprofile.cli.output import width

LONG = "s3://a-long-bucket-name/with/a/path/that/goes/on/and/on/far/beyond/the/window"


def screen(line: str, columns: int, lines: int = 24, *, errors: bool = False, **environment: str) -> str:
    """Run a command on a terminal of a size; return all it printed there, with what goes to stderr or without."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    command = [sys.executable, "-m", "zenprofile", *line.split()]
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    stderr = slave if errors else subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=stderr, env={**inherited, **environment})
    os.close(slave)
    printed = b""
    while chunk := _read(master):
        printed += chunk
    os.close(master)
    assert process.wait() == 0
    return printed.decode().replace("\r\n", "\n")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # Linux says so where the other end is closed
        return b""


@pytest.fixture
def long_names(run, folder: Path) -> Path:
    run(
        "component register s3 --type artifact_store --flavor s3 --set",
        f"path={LONG}",
        "-d",
        "Where artifacts of us lie",
    )
    run("component register b --type artifact_store --flavor s3 --set path=s3://b")
    return folder


@pytest.mark.parametrize("columns", [40, 60, 100])
@pytest.mark.parametrize("line", ["component list", "component describe s3 --type artifact_store", "stack describe"])
def test_a_table_fits_the_window(long_names: Path, line: str, columns: int) -> None:
    shown = screen(line, columns).splitlines()

    assert max(map(width, shown)) <= columns
    assert "┃" in shown[-2]


def test_nothing_of_a_cell_is_lost_and_only_rows_that_wrap_have_rules(long_names: Path) -> None:
    shown = screen("component describe s3", 60)

    rows = [line.split("│")[1].strip(" ┃") for line in shown.splitlines() if line.startswith("┃")]
    assert LONG in "".join(rows)
    assert shown.count("┠") == 2  # below the header, and above the path


@pytest.mark.parametrize("line", ["component list", "diff HEAD~1"])
def test_a_window_of_twenty_columns_has_a_line_for_each_cell(long_names: Path, line: str) -> None:
    shown = screen(line, 20, lines=200, NO_COLOR="1").splitlines()

    assert max(map(width, shown)) <= 20
    assert any(row.startswith(("NAME: ", "ENTITY: ")) for row in shown)
    assert "artifact_store" in "".join(shown)


def test_off_a_terminal_a_table_is_as_wide_as_it_has_to_be(run, long_names: Path) -> None:
    assert LONG in run("component describe s3").out


def test_a_long_log_goes_through_the_pager_of_git_and_a_short_one_does_not(run, long_names: Path) -> None:
    paged = screen("log", 80, lines=2, GIT_PAGER="sed s/^/paged:/")
    short = screen("log", 80, GIT_PAGER="sed s/^/paged:/")

    assert paged.splitlines()
    assert all(line.startswith("paged:") for line in paged.splitlines())
    assert paged.replace("paged:", "") == short
    assert "paged" not in run("log").out


@pytest.mark.parametrize("pager", ["no-such-program", "cat", ""])
def test_a_pager_that_is_gone_or_none_loses_nothing(long_names: Path, pager: str) -> None:
    assert "add artifact_store b" in screen("log", 80, lines=2, GIT_PAGER=pager)


def test_times_are_local_in_text_and_utc_in_json(run, long_names: Path) -> None:
    assert "+05:30 " in screen("log", 120, TZ="Asia/Kolkata").splitlines()[0]
    assert run("log -o json").json[0]["when"].endswith("Z")


def test_what_was_and_what_is_have_git_s_colours_on_a_terminal(run, long_names: Path) -> None:
    run("component update b --set path=s3://c")

    log, show, diff = (screen(line, 100, TERM="xterm-256color", NO_COLOR="") for line in ("log", "show", "diff HEAD~1"))

    assert all(line.startswith("\x1b[33m") for line in log.splitlines())
    assert show.startswith("\x1b[33mchange ")
    for shown in (show, diff):
        assert "\x1b[1mENTITY" in shown
        assert "\x1b[36mcomponent/artifact_store/b" in shown
        assert "\x1b[31ms3://b" in shown
        assert "\x1b[32ms3://c" in shown


@pytest.mark.parametrize("line", ["log", "show", "diff HEAD~1", "diff HEAD~1 -o json", "log -o yaml"])
def test_who_wants_no_colours_gets_none(run, long_names: Path, line: str, tmp_path: Path) -> None:
    settings = tmp_path / "no-colours"
    settings.write_text("[user]\n\tname = A\n\temail = a@b\n[color]\n\tui = never\n")
    plain = [
        screen(line, 100, lines=50, TERM="xterm", NO_COLOR="1"),
        screen(line, 100, lines=50, TERM="dumb"),
        screen(line, 100, lines=50, TERM="xterm", NO_COLOR="", GIT_CONFIG_GLOBAL=str(settings)),
    ]
    plain += [run(line).out] if "-o" in line else []

    assert "\x1b" not in "".join(plain)
    assert len(set(plain)) == 1


def stays(line: str) -> str:
    """Return what one sees of a line in the end: a return writes over it, and ``ESC [K`` clears what is behind."""
    seen, at = "", 0
    for part in re.split(r"(\r|\x1b\[K)", line):
        if part == "\r":
            at = 0
        elif part == "\x1b[K":
            seen = seen[:at]
        else:
            seen, at = seen[:at] + part + seen[at + len(part) :], at + len(part)
    return seen


def test_nothing_of_progress_stays_on_the_screen(run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "bare.git"], check=True)
    run(f"create team --set --url git+file://{tmp_path}/bare.git")
    run("user create eve")

    shown = screen("sync", 80, errors=True)

    assert "\x1b[K" in shown  # git's own progress, while the remote is waited for
    assert [stays(line) for line in shown.rstrip("\n").split("\n")][-2:] == [
        "Pushed 2 commits to origin/main.",
        "synced",
    ]

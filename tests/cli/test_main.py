"""The frame: options that stand anywhere, errors on one line or as JSON, exit statuses, nothing after a broken pipe."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from zenprofile import __version__
from zenprofile.cli.commands import Main, cli
from zenprofile.cli.crash import redacted
from zenprofile.cli.failure import line_of
from zenprofile.cli.fast_path import COMMANDS
from zenprofile.cli.main import main
from zenprofile.cli.table import SECTIONS
from zenprofile.errors import ConflictError, Invalid, Problem, Unreachable, UsageError, ZenprofileError
from zenprofile.machine.profiles import Profile, Profiles, config_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def profiles() -> Profiles:
    found = Profiles()
    with found.edit() as state:
        state.put(Profile("default", "/nowhere", "local"))
        state.put(Profile("team", "/nowhere/team", "local"))
    return found


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``get`` end so, with and without other options."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setitem(COMMANDS, ("get",), fail)
    monkeypatch.setattr("zenprofile.cli.fast_path.get", fail)


def test_the_active_profiles_name_and_nothing_else(capsys: Capture) -> None:
    assert main(["get"]) == 0
    assert capsys.readouterr() == ("default\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--profile", "team", "-o", "json", "get"],
        ["get", "--profile", "team", "-o", "json"],
        ["--profile=team", "get", "--output=json", "-v", "--timeout", "3"],
        ["--profile", "default", "-o", "yaml", "get", "-ojson", "--profile", "team"],
    ],
    ids=" ".join,
)
def test_common_options_stand_before_or_after(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "team", "scope": "global"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["get", "--nothing"],
        ["get", "-o", "xml"],
        ["create"],
        ["get", "--timeout", "-1"],
        ["get", "too", "many"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"Error: .+; see 'zenprofile.* --help'\n", err)


def test_wrong_usage_in_json(capsys: Capture) -> None:
    assert main(["-o", "json", "describe", "--nothing"]) == 2
    found = json.loads(capsys.readouterr().err)
    assert found["code"] == "usage"
    assert found["message"].startswith("No such option")
    assert found["hint"] == "see 'zenprofile describe --help'"


@pytest.mark.parametrize("arguments", [[], ["stack"], ["artifact-store"]], ids=" ".join)
def test_without_a_command_help_is_shown(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(" ".join(["Usage: zenprofile", *arguments]))


DISK = "check the disk's space and the permissions"
PLACED = Invalid("expected a number", hint="write 3", file="stacks/prod.yaml", line=3, column=5)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ZenprofileError("it failed", hint="try again"), 1, "Error: it failed; try again\n"),
        (PLACED, 1, "Error: stacks/prod.yaml:3:5: expected a number; write 3\n"),
        (UsageError("no"), 2, "Error: no\n"),
        (ConflictError("two values", file="a.yaml"), 3, "Error: a.yaml: two values\n"),
        (Unreachable("no answer"), 4, "Error: no answer\n"),
        (ZenprofileError("x\x1b[31m\ny", hint="\u202e"), 1, "Error: x\\x1b[31m\\ny; \\u202e\n"),
        (
            OSError(28, "No space left on device"),
            1,
            f"Error: No space left on device; {DISK}\n",
        ),
        (
            PermissionError(13, "Permission denied", "/x"),
            1,
            f"Error: Permission denied: /x; {DISK}\n",
        ),
        (click.ClickException("a word."), 2, "Error: a word; see 'zenprofile --help'\n"),
        (click.UsageError("Choose from:\n\ta,\n\tb."), 2, "Error: Choose from: a, b; see 'zenprofile --help'\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (BrokenPipeError(), 1, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_is_one_line_and_a_status(
    error: BaseException, status: int, line: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(error, monkeypatch)
    assert main(["get"]) == status
    assert capsys.readouterr() == ("", line)


def test_an_error_in_json(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(PLACED, monkeypatch)
    assert main(["-o", "json", "get"]) == 1
    assert json.loads(capsys.readouterr().err) == {
        "code": "invalid",
        "message": "expected a number",
        "hint": "write 3",
        "file": "stacks/prod.yaml",
        "line": 3,
        "column": 5,
    }


def test_several_problems_in_json(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [
        Problem("a.yaml", 1, 2, "x.y", "wrong", "right it", "type"),
        Problem("b.yaml", 0, 0, "", "bad", "", "yaml"),
    ]
    failing(Invalid.of(problems), monkeypatch)
    main(["get", "--output", "json"])
    found = json.loads(capsys.readouterr().err)
    assert found["problems"] == [problem._asdict() for problem in problems]
    assert found["message"] == "wrong (and 1 more)"


def test_a_bug_is_one_line_with_the_saved_traceback(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "tok-123456")
    failing(RuntimeError("mysql://zenml:hunter2@host/db tok-123456"), monkeypatch)
    assert main(["get"]) == 1
    err = capsys.readouterr().err
    found = re.fullmatch(r"Error: RuntimeError, which is a mistake in zenprofile; please report it with (.*)\n", err)
    assert found
    saved = Path(found[1])
    assert saved.is_relative_to(config_folder())
    assert saved.stat().st_mode & 0o777 == 0o600
    text = saved.read_text()
    assert "Traceback" in text
    assert "mysql://zenml:***@host/db ***" in text
    assert not re.search("hunter2|123456", text)


def test_a_bug_where_nothing_can_be_saved(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZENPROFILE_CONFIG_DIR", str(tmp_path / "file"))
    failing(RuntimeError(), monkeypatch)
    assert main(["get"]) == 1
    assert "could not be saved (Not a directory)" in capsys.readouterr().err


def test_passwords_in_any_url_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSWORD", "abc")
    assert redacted("at postgresql+psycopg://u:p:@ss@h/db, abc, http://h:80/") == (
        "at postgresql+psycopg://u:***@h/db, abc, http://h:80/"
    )


def test_other_platforms_are_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zenprofile.cli.main.sys.platform", "win32")
    assert main(["get"]) == 1
    assert capsys.readouterr().err == "Error: zenprofile runs on Linux and macOS; use it there, or in WSL\n"


def test_a_line_says_error_even_without_a_hint() -> None:
    assert line_of(ZenprofileError("why")) == "Error: why"


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "zenprofile", *arguments]
    return subprocess.run(command, check=False, **{"capture_output": True, **options})


@pytest.mark.parametrize("arguments", [["list"], ["list", "--profile", "team"]], ids=" ".join)
def test_a_closed_pipe_is_met_in_silence(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*arguments, stdout=writing, stderr=subprocess.PIPE, capture_output=False)
    os.close(writing)
    assert done.returncode == 1
    assert all(line.startswith("Running with") for line in done.stderr.decode().splitlines())


def test_a_full_disk_below_stdout_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("get", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 1
    assert done.stderr == f"Error: No space left on device; {DISK}\n".encode()


def test_closed_streams_do_not_matter() -> None:
    done = subprocess.run(f"{sys.executable} -m zenprofile list >&- 2>&-", shell=True, check=False)
    assert done.returncode == 0


def test_an_interrupt_is_130() -> None:
    code = (
        "import sys, time; from zenprofile.cli import fast_path, main\n"
        "def wait(_): print('ready', flush=True); time.sleep(60)\n"
        "fast_path.COMMANDS[('get',)] = wait; sys.exit(main.main(['get']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_help_names_every_section_and_type(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for heading, commands in SECTIONS.items():
        assert f"{heading}:" in shown
        assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in commands)
    assert "artifact-store" in shown
    assert "Examples:\n  zenprofile create" in shown


def commands_of_profiles() -> list[str]:
    return list(SECTIONS["Profiles"])


@pytest.mark.parametrize("name", commands_of_profiles())
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_with_examples(name: str, flag: str, capsys: Capture) -> None:
    assert main([name, flag]) == 0
    shown = capsys.readouterr().out
    assert f"Usage: zenprofile {name}" in shown
    assert re.search(rf"^Examples:\n(  .*\n)*  .*zenprofile {name}", shown, re.MULTILINE)
    assert "--profile NAME" in shown


@pytest.mark.parametrize("arguments", [["--version"], ["-v", "--version"]], ids=" ".join)
def test_the_version(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr() == (f"zenprofile {__version__}\n", "")


def test_the_top_group_is_made_of_the_table() -> None:
    assert isinstance(cli, Main)
    context = click.Context(cli)
    assert cli.list_commands(context)[:2] == ["create", "set"]
    assert cli.get_command(context, "no-such-type") is None

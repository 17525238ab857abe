"""The runner: what git sees of the environment, and that it ends with the process that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from servers import silent_server, started_here
from watchers import until

from zenprofile.errors import StoreBroken, Unreachable, Unsupported
from zenprofile.git import runner

PROGRAM = """
import sys
from zenprofile.git import runner
runner.run_network(["ls-remote", sys.argv[1]], sys.argv[2], timeout=60)
"""
# The signal comes when git runs, and before anybody holds its process.
AT_ONCE = """
import os, sys
from zenprofile.git import runner
class Started(runner.Process):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        os.kill(os.getpid(), int(sys.argv[1]))
runner.Process = Started
runner.run(["-c", "alias.wait=!sleep 60", "wait"], sys.argv[2])
"""
SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)]


def program(folder: Path, text: str, argument: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "ZENPROFILE_TEST_MARK": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", text, argument, str(folder)], env=environment, stderr=subprocess.DEVNULL
    )


def running(folder: Path) -> list[str]:
    return started_here(f"ZENPROFILE_TEST_MARK={folder}")


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_ends_git_too(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with silent_server() as port:
        process = program(tmp_path, PROGRAM, f"http://127.0.0.1:{port}/x")
        until(lambda: any("remote-http" in line for line in running(tmp_path)), "git has started")
        process.send_signal(number)

        assert process.wait() == status
        until(lambda: not running(tmp_path), "git has ended")


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_while_git_is_started_ends_it_too(tmp_path: Path, number: signal.Signals, status: int) -> None:
    assert program(tmp_path, AT_ONCE, str(int(number))).wait() == status
    until(lambda: not running(tmp_path), "git has ended")


def test_only_what_a_person_sets_reaches_git(monkeypatch: pytest.MonkeyPatch) -> None:
    others = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_EXTERNAL_DIFF", "GIT_TRACE")
    for name in others:
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    seen = runner.environment()

    assert not {*others} & seen.keys()
    assert seen["GIT_SSH_COMMAND"] == "ssh -i key"
    assert seen["GIT_TERMINAL_PROMPT"] == "0"


def test_a_deadline_ends_it(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"0\.2 seconds"):
        runner.run(["-c", "alias.wait=!sleep 60", "wait"], tmp_path, deadline=0.2)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreBroken, match="gone"):
        runner.run(["version"], tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unsupported, match="git is not installed"):
        runner.run(["version"], tmp_path)

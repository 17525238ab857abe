"""The runner: what git sees of the environment, and that it ends with the process that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers import silent_server, started_here

from zenprofile.errors import StoreBroken, Unreachable, Unsupported
from zenprofile.git import runner

PROGRAM = """
import sys
from zenprofile.git import runner
runner.run_network(["ls-remote", sys.argv[1]], sys.argv[2], timeout=60)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)])
def test_a_signal_ends_git_too(tmp_path: Path, number: signal.Signals, status: int) -> None:
    mark = f"ZENPROFILE_TEST_MARK={tmp_path}"
    environment = {**os.environ, "ZENPROFILE_TEST_MARK": str(tmp_path)}
    with silent_server() as port:
        command = [sys.executable, "-c", PROGRAM, f"http://127.0.0.1:{port}/x", str(tmp_path)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not any("remote-http" in line for line in started_here(mark)):
            assert time.monotonic() < deadline, "git has not started"
            time.sleep(0.02)
        process.send_signal(number)

        assert process.wait(timeout=30) == status
        while started_here(mark):
            assert time.monotonic() < deadline, started_here(mark)
            time.sleep(0.02)


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

"""A person's hook commands: each has a deadline, and none that fails keeps the next one from its turn."""

import os
import signal
from pathlib import Path

from zenprofile.watch.processes import Hooks


def test_a_hook_that_fails_is_told_and_the_next_one_runs(tmp_path: Path) -> None:
    told: list[str] = []
    commands = {
        "bad": "echo no such stack >&2; exit 3",
        "silent": "exit 4",
        "deaf": "exec <&-; exit 0",
        "change": f"cat > {tmp_path}/input",
    }
    hooks = Hooks(commands, told.append)
    for event in commands:
        hooks.run(event, {"text": "x" * (1 << 20 if event == "deaf" else 1)})
    hooks.run("nothing is set for this one", {})
    hooks.close(60)

    assert (tmp_path / "input").read_text() == '{"text": "x"}'
    bad, silent = told
    assert bad.endswith("failed: no such stack")
    assert silent.endswith("failed: exit status 4")


def test_a_hook_that_hangs_is_ended_and_told_and_the_next_one_runs() -> None:
    told: list[str] = []
    hooks = Hooks({"slow": "sleep 600", "slower": "sleep 601"}, told.append, deadline=0.2)
    for event in ("slow", "slower"):
        hooks.run(event, {})
    hooks.close(60)

    assert [line.partition(" and ")[0] for line in told] == [
        f"the hook command 'sleep {seconds}' did not end within 0.2 seconds," for seconds in (600, 601)
    ]


def test_a_hook_may_leave_something_running(tmp_path: Path) -> None:
    """It ends when the command does, not when whatever has its output does."""
    told: list[str] = []
    left, later = f"setsid sleep 600 & echo $! > {tmp_path}/pid", f"touch {tmp_path}/later"
    hooks = Hooks({"change": left, "problem": later}, told.append, deadline=120)
    hooks.run("change", {})
    hooks.run("problem", {})
    hooks.close(60)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    assert told == []
    assert (tmp_path / "later").exists()

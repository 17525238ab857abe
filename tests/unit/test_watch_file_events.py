"""File events on the newest and the oldest watchdog: what is heard, and that nothing goes deaf unnoticed."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from zenprofile.watch.file_events import FileEvents, file_system

DEADLINE = 60.0


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.01)


def test_a_dead_observer_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    heard = threading.Event()
    file_events = FileEvents(str(tmp_path), heard.set)
    try:
        assert file_events.check()
        assert not file_events.check()
        assert file_events._observer is not None
        next(iter(file_events._observer.emitters)).stop()
        until(file_events.check, "it listens anew")
        file_events.armed = True
        (tmp_path / "stacks" / "a.yaml").write_text("name: a\n")
        assert heard.wait(DEADLINE)

        shutil.rmtree(tmp_path / "stacks")
        until(file_events.check, "it listens anew")
        (tmp_path / "stacks").mkdir()
        until(file_events.check, "it listens anew")
        heard.clear()
        file_events.armed = True
        (tmp_path / "stacks" / "b.yaml").write_text("name: b\n")
        assert heard.wait(DEADLINE)
    finally:
        file_events.close()


class Counting(FileEvents):
    """Counts the changes that are heard."""

    number = 0

    def hint(self) -> None:
        self.number += 1
        super().hint()


def test_reading_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks" / "a.yaml"
    last = tmp_path / "stacks" / "b.yaml"
    for path in (file, last):
        path.write_text("name: a\n")
    file_events = Counting(str(tmp_path), lambda: None)
    try:
        assert file_events.check()
        for _ in range(20):
            assert file.read_text() == "name: a\n"
            assert len(list((tmp_path / "stacks").iterdir())) == 2
        last.unlink()  # this is one, and comes behind the reads
        until(lambda: file_events.number, "the last event")
        assert file_events.number == 1
    finally:
        file_events.close()


def test_a_file_system_is_known_by_its_longest_mount() -> None:
    assert file_system("/proc/self") == "proc"
    assert file_system("/")

"""What several processes do to one store at once: ``worker.py JOB URL MODE WORDS...``, from the word "go" on stdin."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from zenprofile.core.change import Change, Edit
from zenprofile.core.document.writer import write
from zenprofile.core.entity import Key
from zenprofile.errors import Exists, Stale
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import open_store


def _user(name: str, said: int) -> tuple[Key, str]:
    return Key("user", "", name), write("user", {"name": name, "description": str(said)})


def _said(store: Store, name: str) -> tuple[str, int]:
    """Return a user's revision and the number that it carries."""
    found = store.snapshot().get(Key("user", "", name))
    assert found is not None
    return found.revision, int(found.data["description"])


def register(store: Store, name: str, count: str) -> str:
    """Register stacks one by one."""
    for number in range(int(count)):
        data = {"name": f"{name}-{number}", "components": {"orchestrator": "default", "artifact_store": "default"}}
        store.apply(Change((Edit(Key("stack", "", data["name"]), None, write("stack", data)),)))  # type: ignore[arg-type]
    return "done"


def claim(store: Store, name: str, number: str) -> str:
    """Register one name that all want."""
    key, text = _user(name, int(number))
    try:
        store.apply(Change((Edit(key, None, text),)))
    except Exists:
        return "exists"
    return "made"


def count(store: Store, name: str, times: str) -> str:
    """Add one to a number so many times, each time on what was read."""
    left, stale = int(times), 0
    while left:
        revision, said = _said(store, name)
        key, text = _user(name, said + 1)
        try:
            store.apply(Change((Edit(key, revision, text),)))
            left -= 1
        except Stale:
            stale += 1
    return "done"


def both(store: Store, one: str, other: str, times: str) -> str:
    """Write the same number to two users, in one change each time."""
    for number in range(1, int(times) + 1):
        edits = []
        for name in (one, other):
            key, text = _user(name, number)
            edits.append(Edit(key, _said(store, name)[0], text))
        store.apply(Change(tuple(edits)))
    return "done"


def watch(store: Store, one: str, other: str, times: str) -> str:
    """Read both users, in one call each time, until the last number is there; say what was seen in halves."""
    halves = 0
    said: dict[str, str] = {}
    while said.get(one) != times:
        said = {e.key.name: e.data.get("description", "") for e in store.snapshot().load("user").entities}
        halves += said[one] != said[other]
    return f"{halves} halves"


JOBS: dict[str, Callable[..., str]] = {
    "register": register,
    "claim": claim,
    "count": count,
    "both": both,
    "watch": watch,
}


def work(job: str, url: str, mode: str, words: list[str], wait: Callable[[], object]) -> str:
    """Open the store, wait, and do a job."""
    store = open_store(url, Options(user="ada", mode=mode, password=os.environ.get("CONTRACT_PASSWORD", "")))
    wait()
    try:
        return JOBS[job](store, *words)
    finally:
        store.close()


def begin(workers: Sequence[subprocess.Popen[str]]) -> None:
    """Give workers the word at one moment, once each of them is ready."""
    for process in workers:
        assert process.stdout is not None
        process.stdout.readline()
    for process in workers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def _ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    print(work(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:], _ready))

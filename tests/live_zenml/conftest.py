"""One ZenML for a session of tests: begun once, its process kept, emptied before each test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import real_zenml

from zenprofile.zenml.process import ZenML


class Kept:
    """Reaches ZenML by a running process, as `zenprofile.usecases.zenml.ZenmlConnection` does by a new one."""

    def __init__(self, zenml: ZenML, folder: Path) -> None:
        self.zenml = zenml
        self.folder = folder

    @contextmanager
    def open(self) -> Iterator[ZenML]:
        yield self.zenml

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.zenml.ask("read")
        return answer

    def component(self, type_: str, name: str, flavor: str, **configuration: Any) -> dict[str, Any]:
        labels = configuration.pop("labels", {})
        more = {"type": type_, "name": name, "flavor": flavor, "configuration": configuration, "labels": labels}
        made: dict[str, Any] = self.zenml.ask("create_component", **more)
        return made

    def stack(self, name: str, labels: dict[str, str] | None = None, **components: list[str]) -> dict[str, Any]:
        known = {c["type"]: c["id"] for c in self.read()["components"] if c["name"] == "default"}
        given = {"orchestrator": [known["orchestrator"]], "artifact_store": [known["artifact_store"]], **components}
        made: dict[str, Any] = self.zenml.ask("create_stack", name=name, components=given, labels=labels or {})
        return made

    def empty(self) -> None:
        found = self.read()
        for stack in found["stacks"]:
            if stack["name"] != "default":
                self.zenml.ask("delete_stack", id=stack["id"])
        for component in found["components"]:
            if component["name"] != "default":
                self.zenml.ask("delete_component", id=component["id"], type=component["type"])


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    base = tmp_path_factory.mktemp("live")
    folder = base / "config"
    before = dict(os.environ)
    os.environ.update(real_zenml.environment(folder))
    try:
        zenml = ZenML(real_zenml.python(), str(base), 60.0)
        zenml.start()
        zenml.connect()
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield Kept(zenml, folder)
    zenml.close()


@pytest.fixture
def zenml(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Kept:
    for name, value in real_zenml.environment(kept.folder).items():
        monkeypatch.setenv(name, value)
    kept.empty()
    return kept

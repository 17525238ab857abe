"""Profiles of any size, as teams have them: components of many flavors, stacks of them, comments here and there."""

import subprocess
import sys
import time
from pathlib import Path

from measure import process

from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import DEFAULTS, Key

COMMAND = Path(sys.executable).with_name("zenprofile")
_FLAVORS = {
    "artifact_store": (
        "s3",
        {"path": "s3://bucket-{n}/artifacts", "client_kwargs": {"endpoint_url": "https://s3.eu-{n}"}},
    ),
    "orchestrator": ("kubeflow", {"kubernetes_context": "cluster-{n}", "synchronous": True}),
    "container_registry": ("aws", {"uri": "{n}.dkr.ecr.eu-west-1.amazonaws.com"}),
    "step_operator": ("sagemaker", {"role": "arn:aws:iam::{n}:role/sagemaker"}),
}
_TYPES = tuple(_FLAVORS)


def _filled(value: object, n: int) -> object:
    if isinstance(value, dict):
        return {key: _filled(inner, n) for key, inner in value.items()}
    return value.format(n=n) if isinstance(value, str) else value


def documents(count: int) -> dict[Key, str]:
    """Return a profile of about so many entities as documents: four of five are components, the fifth a stack."""
    texts = {key: writer.write(key.kind, data) for key, data in DEFAULTS}
    n = 0
    while len(texts) < count:
        n += 1
        for type_ in _TYPES:
            flavor, configuration = _FLAVORS[type_]
            name = f"{type_.replace('_', '-')}-{n}"
            data = {"name": name, "type": type_, "flavor": flavor, "configuration": _filled(configuration, n)}
            text = writer.write("component", data)
            texts[Key("component", type_, name)] = f"# owned by team {n % 7}\n{text}" if n % 3 == 0 else text
        components = {type_: f"{type_.replace('_', '-')}-{n}" for type_ in _TYPES}
        texts[Key("stack", "", f"stack-{n}")] = writer.write("stack", {"name": f"stack-{n}", "components": components})
    return texts


def change(count: int) -> Change:
    """Return the change that registers such a profile."""
    return Change(tuple(Edit(key, None, text) for key, text in documents(count).items()))


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, count: int) -> Path:
    """Write such a profile into a Git repository, in one commit, and return the folder."""
    for key, text in documents(count).items():
        path = folder / key.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "zenprofile.yaml").write_text("format: 1\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def registered(name: str, folder: Path, *settings: str) -> None:
    """Make a folder the active profile of this machine; ``settings`` are words of ``zenprofile config``."""
    for words in (
        ["create", name, "--url", str(folder)],
        ["set", name],
        *([["config", *settings]] if settings else []),
    ):
        process(COMMAND, *words)()
    settle(folder)


def settle(folder: Path) -> None:
    """Wait until no file is so young that the cache reads it again."""
    newest = max(path.stat().st_ctime for top in folder.glob("[a-z]*") for path in (top, *top.rglob("*.yaml")))
    while time.time() < newest + 2.1:
        time.sleep(0.1)

"""ZenML 0.98: diff and apply of 100 stacks beside the calls of its Client that they must make, its import included."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import profiles
from measure import Table, process, rounds

from zenprofile.core.document import writer

PYTHON = Path(sys.prefix).with_name("zenml") / "bin" / "python"
# What any tool has to ask before it knows what differs.
READ = """
import os, sys, json
from zenml.client import Client
client = Client()
def pages(listed):
    return [item for item in listed(page=1, size=500, hydrate=True).items]
known = [pages(m) for m in (client.list_stack_components, client.list_stacks, client.list_service_connectors)]
flavors = pages(client.list_flavors)
"""
# And what it has to send.
SEND = """
from zenml.enums import StackComponentType as Kind
documents = json.load(open(sys.argv[1]))
ids = {(str(c.type.value), c.name): str(c.id) for c in known[0]}
for data in documents["component"]:
    made = client.create_stack_component(
        name=data["name"], flavor=data["flavor"], component_type=Kind(data["type"]),
        configuration=data["configuration"], labels={"owner": "bench"},
    )
    ids[data["type"], data["name"]] = str(made.id)
for data in documents["stack"]:
    components = {Kind(type_): [ids[type_, name]] for type_, name in data["components"].items()}
    client.create_stack(name=data["name"], components=components, labels={"owner": "bench"})
"""
END = "\nos._exit(0)\n"


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure a first apply, a second one, and a diff."""
    if not PYTHON.exists():
        table.lacks("ZenML: zenml[local]==0.98.0 is not installed")
        return
    kept = {"ZENML_CONFIG_PATH": str(home / "zenml"), "ZENML_ANALYTICS_OPT_IN": "false"}
    os.environ |= {**kept, "ZENML_LOGGING_VERBOSITY": "ERROR", "ZENPROFILE_ZENML_PYTHON": str(PYTHON)}
    _profile(home)
    read, send = home / "read.py", home / "send.py"  # in files: ZenML asks where the program lies
    read.write_text(READ + END)
    send.write_text(READ + SEND + END)
    process(PYTHON, read)()  # the first command makes ZenML's folder, which takes seconds
    shutil.copytree(home / "zenml", home / "empty")

    def empty() -> None:
        shutil.rmtree(home / "zenml")
        shutil.copytree(home / "empty", home / "zenml")

    ours: list[str | Path] = [profiles.COMMAND, "zenml"]
    count = 1 if quick else 3
    calls = process(PYTHON, send, home / "documents.json")
    found = rounds({"calls": calls, "apply": process(*ours, "apply")}, count, {"calls": empty, "apply": empty})
    table.row("ZenML: apply of 100 stacks", found["apply"], found["calls"], "the Client's calls", "1.2x")
    runs = {"calls": process(PYTHON, read), "apply": process(*ours, "apply"), "diff": process(*ours, "diff")}
    found = rounds(runs, 3 if quick else 9)
    table.row("ZenML: apply again, nothing to do", found["apply"], found["calls"], "the Client's calls", "1.2x")
    table.row("ZenML: diff of 100 stacks", found["diff"], found["calls"], "the Client's calls", "1.2x")


def _profile(home: Path) -> None:
    """Make a profile of 100 stacks with two components each, and the same documents for the peer."""
    found: dict[str, list[dict[str, Any]]] = {"component": [], "stack": []}
    for n in range(100):
        for type_, flavor, configuration in (
            ("artifact_store", "s3", {"path": f"s3://bucket-{n}/artifacts"}),
            ("container_registry", "default", {"uri": f"registry-{n}.example.com"}),
        ):
            data = {"name": f"c-{n}", "type": type_, "flavor": flavor, "configuration": configuration}
            found["component"].append(data)
        components = {"orchestrator": "default", "artifact_store": f"c-{n}", "container_registry": f"c-{n}"}
        found["stack"].append({"name": f"stack-{n}", "components": components})
    (home / "documents.json").write_text(json.dumps(found))
    folder = profiles.repository(home / "profile", 0)
    documents = "---\n".join(
        writer.write(kind, {"kind": kind, **data}) for kind, all_ in found.items() for data in all_
    )
    (home / "documents.yaml").write_text(documents)
    profiles.registered("p", folder)
    process(profiles.COMMAND, "apply", "-f", home / "documents.yaml")()

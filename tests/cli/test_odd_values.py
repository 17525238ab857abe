"""Documents that people spoilt by hand, with values of another kind: each command reads, mends or refuses them."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from zenprofile.core.entity import key_of_path
from zenprofile.server import views
from zenprofile.store.base import Options
from zenprofile.store.registry import open_store

STACK = (
    "describe odd",
    "describe odd -o json",
    "export odd",
    "tree",
    "update odd --description x",
    "update odd -o default",
)
COMPONENT = ("describe odd", "list", "update odd --description x", "update odd --set path=s3://x")
TEAM = ("describe odd", "list", "add odd --user default", "remove odd --user default")
ROLE = ("describe odd", "assignment list", "assign odd --user default", "revoke odd --user default")
ODD = {
    "stacks/odd.yaml": (
        "stack",
        STACK,
        ("components: x", "components: [a]", "components: {orchestrator: [5, null, {a: b}]}\nlabels: 7"),
    ),
    "components/artifact_store/odd.yaml": (
        "artifact-store",
        COMPONENT,
        ("configuration: 5", "configuration: [1]\nlabels: [a]", "flavor: 5", "flavor: null\nlabels: x"),
    ),
    "teams/odd.yaml": ("team", TEAM, ("members: 5", "members: {a: b}")),
    "roles/odd.yaml": ("role", ROLE, ("assignments: 5", "assignments: [1]")),
}
CASES = [(path, group, lines, text) for path, (group, lines, texts) in ODD.items() for text in texts]


@pytest.mark.parametrize(("path", "group", "lines", "text"), CASES, ids=[f"{c[0]}: {c[3]}" for c in CASES])
def test_no_value_of_another_kind_is_a_mistake_of_ours(
    run: Run, folder: Path, path: str, group: str, lines: tuple[str, ...], text: str
) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    type_ = "type: artifact_store\n" if "artifact_store" in path else ""
    for line in lines:
        (folder / path).write_text(f"name: odd\n{type_}{text}\n")
        said = run(f"{group} {line}", fails=None)
        assert said.status in {0, 1}
        assert "mistake in zenprofile" not in said.err
    (folder / path).write_text(f"name: odd\n{type_}{text}\n")
    store = open_store(str(folder), Options())
    key = key_of_path(path)
    assert key is not None

    shown = views.entity(store, key)

    assert shown["problems"]
    if key.kind == "stack":
        assert views.compared(store.snapshot(), "odd", "default")
    store.close()

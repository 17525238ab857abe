import os

MIXED = """\
# Licence

# What it is made of
components:
  artifact_store: default   # here
  # and there
  orchestrator: default

# Its name
name: mine
# Whose
labels: {team: ml}

# the end
"""
SORTED = """\
# Licence

# Its name
name: mine
# Whose
labels: {team: ml}
# What it is made of
components:
  artifact_store: default   # here
  # and there
  orchestrator: default

# the end
"""


def test_keys_move_with_their_comments(run, folder):
    path = folder / "stacks" / "mine.yaml"
    path.write_text(MIXED)
    before = (folder / "stacks" / "default.yaml").read_bytes()

    assert run("fmt --check", fails=1).out == f"{os.path.relpath(path)}\n"
    assert path.read_text() == MIXED
    assert run("fmt").out == f"{os.path.relpath(path)}\n"
    assert path.read_text() == SORTED
    assert (folder / "stacks" / "default.yaml").read_bytes() == before
    assert run("fmt").out == ""
    assert run("fmt --check -o json").json == []


def test_line_ends_become_unix_ones(run, folder):
    path = folder / "users" / "ada.yaml"
    path.write_bytes(b"name: ada\r\nemail: a@b.c")

    assert run("fmt users -o json").json == [{"file": os.path.relpath(path)}]
    assert path.read_bytes() == b"name: ada\nemail: a@b.c\n"


def test_only_the_paths_given_are_touched(run, folder):
    for name in ("a", "b"):
        (folder / "users" / f"{name}.yaml").write_text(f"email: x@y.z\nname: {name}\n")

    assert run(f"fmt {folder}/users/a.yaml").out == f"{os.path.relpath(folder)}/users/a.yaml\n"
    assert run("fmt --check", fails=1).out == f"{os.path.relpath(folder)}/users/b.yaml\n"
    assert "users/c.yaml" in run("fmt users/c.yaml", fails=1).err


def test_what_cannot_be_read_is_named_and_left_alone(run, folder):
    (folder / "users" / "a.yaml").write_text("email: x@y.z\nname: a\n")
    (folder / "users" / "bad.yaml").write_text("name: [\n")

    done = run("fmt", fails=1)

    assert done.out == f"{os.path.relpath(folder)}/users/a.yaml\n"
    assert "users/bad.yaml:2:1" in done.err
    assert (folder / "users" / "bad.yaml").read_text() == "name: [\n"


def test_a_database_keeps_its_documents_in_order(run, profile):
    run("stack register prod -o default -a default")

    assert run("fmt").out == ""


def test_schemas_are_exported(run, profile, tmp_path):
    done = run("schema export .schemas")

    assert ".schemas/component.json" in done.out.splitlines()
    assert (tmp_path / ".schemas" / "yaml-schemas.json").is_file()
    (tmp_path / "file").write_text("")
    run("schema export file", fails=2)


def test_what_commands_write_is_in_order_already(run, folder, tmp_path):
    (tmp_path / "own.json").write_text('{"type": "object"}')
    (tmp_path / "more.yaml").write_text(
        "kind: stack\nname: prod\ncomponents: {orchestrator: k, artifact_store: default}\ndescription: given\n"
    )
    for line in (
        "component register k -t orchestrator -f kubeflow --set kubernetes_context=x",
        "component update k -d Here --label a=b --set synchronous=true",
        "stack register prod -o k -a default",
        "stack update prod --label a=b",
        "apply -f more.yaml",
        "user create ada",
        "user update ada --label a=b",
        "user update ada --email ada@example.com",
        "team create ml",
        "team add ml --user ada",
        "team update ml -d Here",
        "role create admin",
        "role assign admin --user ada",
        "role update admin --label a=b",
        "project create churn",
        "project update churn --label a=b",
        "project update churn -d Here",
        "flavor register own -t artifact_store --schema own.json",
        "flavor update own -d Here --label a=b",
        "stack copy prod dev",
        "stack rename dev trial",
    ):
        run(line)

    assert run("fmt --check").out == ""
    text = (folder / "components/orchestrator/k.yaml").read_text()
    assert [line.partition(":")[0] for line in text.splitlines() if not line.startswith(" ")] == [
        "name", "type", "flavor", "description", "labels", "configuration"
    ]  # fmt: skip

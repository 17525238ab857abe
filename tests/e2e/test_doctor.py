"""The doctor: what it finds is proved by trying, and the repository is as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from repos import git, head, repository, tree, write, zenprofile

pytestmark = pytest.mark.slow

HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "post-merge", "post-rewrite", "post-checkout")


def doctor(folder: Path, status: int, **extra: str) -> dict[str, dict[str, Any]]:
    done = zenprofile(folder, "doctor", "-o", "json", status=status, **extra)
    assert done.stderr == ""
    rows = json.loads(done.stdout)
    assert all(set(row) == {"check", "ok", "found", "remedy"} for row in rows)
    assert all(row["remedy"] for row in rows if not row["ok"])
    return {row["check"]: row for row in rows}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    zenprofile(folder, "hooks", "install")
    return folder


def test_all_is_well(repo: Path) -> None:
    write(repo, "code.py", "print('edited')\n")
    write(repo, "staged.py", "")
    git(repo, "add", "staged.py")
    before = tree(repo, ".git/zenprofile")

    found = doctor(repo, 0)

    assert all(row["ok"] for row in found.values())
    assert {*HOOKS, "merge driver", "identity", "hooks folder", "remote", "keyring", "versions"} <= set(found)
    assert tree(repo, ".git/zenprofile") == before


def test_all_is_well_where_git_alone_reads_refs(repo: Path) -> None:
    (repo / ".git" / "reftable").mkdir()  # a git that knows nothing of it reads files

    assert all(row["ok"] for row in doctor(repo, 0).values())


def test_hooks_that_do_not_fire_are_found(repo: Path) -> None:
    (repo / ".git/hooks/pre-push").unlink()
    (repo / ".git/hooks/post-merge").write_text("#!/bin/sh\nexit 0\n")
    (repo / ".git/info/attributes").unlink()
    before = head(repo)

    found = doctor(repo, 1)

    assert [check for check, row in found.items() if not row["ok"]] == ["pre-push", "post-merge", "merge driver"]
    assert "hooks install" in found["pre-push"]["remedy"]
    assert head(repo) == before
    assert git(repo, "status", "--porcelain").stdout == ""


def test_what_is_not_installed_is_told_from_what_is_broken(repo: Path) -> None:
    hook = repo / ".git/hooks/pre-commit"
    hook.chmod(0o644)
    found = doctor(repo, 1)
    assert "does not fire" in found["pre-commit"]["found"]

    zenprofile(repo, "hooks", "uninstall")

    found = doctor(repo, 1)
    assert {found[check]["found"] for check in (*HOOKS, "merge driver")} == {"not installed"}
    assert "none    pre-push: not installed" in zenprofile(repo, "doctor", status=1).stdout


def test_a_hook_that_fires_and_lets_through_is_found(repo: Path) -> None:
    found = doctor(repo, 1, ZENPROFILE="0")

    assert "does not fire" in found["pre-commit"]["found"]
    hook = repo / ".git/hooks/pre-commit"
    hook.write_text('#!/bin/sh\necho "$ZENPROFILE_CANARY pre-commit" >&2\n')
    found = doctor(repo, 1)
    assert "lets through" in found["pre-commit"]["found"]


@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
def test_the_driver_is_proved_where_a_sparse_checkout_leaves_attributes_out(repo: Path, cone: str) -> None:
    """Git runs no driver that such a .gitattributes names; ours stands in .git/info/attributes."""
    write(repo, "docs/.gitattributes", "*.yaml merge=union\n")
    git(repo, "add", "docs")
    git(repo, "commit", "-q", "-m", "attributes")
    git(repo, "sparse-checkout", "set", cone, ".zenprofile")
    assert not (repo / "docs").exists()

    assert doctor(repo, 0)["merge driver"]["ok"]

    (repo / ".git/info/attributes").unlink()
    assert not doctor(repo, 1)["merge driver"]["ok"]


def test_what_was_there_before_is_not_run_by_the_canary(repo: Path, tmp_path: Path) -> None:
    zenprofile(repo, "hooks", "uninstall")
    hook = write(repo, ".git/hooks/pre-commit", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    zenprofile(repo, "hooks", "install")

    doctor(repo, 0)

    assert not (tmp_path / "ran").exists()


def test_where_hooks_are_looked_for_is_told_with_scope_and_file(repo: Path, tmp_path: Path) -> None:
    settings = write(tmp_path, "config", '[user]\nname = A\nemail = a@b\n[core]\nhooksPath = "/dev/null"\n')

    found = doctor(repo, 1, GIT_CONFIG_GLOBAL=str(settings))

    assert str(settings) in found["hooks folder"]["found"]
    assert "global" in found["hooks folder"]["found"]
    assert not found["pre-commit"]["ok"]


def test_identity_remote_and_documents(repo: Path, tmp_path: Path) -> None:
    settings = write(tmp_path, "config", "[core]\nexcludesFile = none\n")
    git(repo, "remote", "add", "origin", str(tmp_path / "nowhere.git"))
    write(repo, ".zenprofile/stacks/wrong.yaml", "name: wrong\nwhat: is this\n")

    found = doctor(repo, 1, GIT_CONFIG_GLOBAL=str(settings))

    assert [check for check, row in found.items() if not row["ok"]] == ["store", "identity", "remote"]
    git(tmp_path, "init", "-q", "--bare", "nowhere.git")
    assert doctor(repo, 1)["remote"]["ok"]


def test_a_repository_without_commits_and_one_below_another(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    zenprofile(folder, "create", "new", "--url", "stacks of ours")
    zenprofile(folder, "set", "new")
    zenprofile(folder, "hooks", "install")
    doctor(folder, 0)

    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")
    git(folder, "worktree", "add", "-q", "../linked")
    zenprofile(tmp_path / "linked", "create", "linked", "--url", "stacks of ours")
    zenprofile(tmp_path / "linked", "set", "linked")
    doctor(tmp_path / "linked", 0)


def test_a_repository_of_the_other_object_format(tmp_path: Path) -> None:
    folder = tmp_path / "sha256"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    zenprofile(folder, "create", "s", "--url", ".")
    zenprofile(folder, "set", "s")
    zenprofile(folder, "hooks", "install")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")

    doctor(folder, 0)


def test_stores_without_git(tmp_path: Path) -> None:
    zenprofile(tmp_path, "create", "s", "-t", "sql")
    zenprofile(tmp_path, "set", "s")

    found = doctor(tmp_path, 1)

    assert set(found) == {"versions", "store", "keyring"}
    assert not found["keyring"]["ok"]
    text = zenprofile(tmp_path, "doctor", status=1).stdout
    assert "FAIL    keyring: " in text
    assert "-> set ZENPROFILE_STORE_PASSWORD_S" in text


@pytest.mark.parametrize("how", ["gitdir", "onbranch", "worktree"])
def test_another_hooks_folder_by_an_include_or_a_work_trees_own_setting_is_found(
    repo: Path, machine: Path, tmp_path: Path, how: str
) -> None:
    """The canary's place is another folder, on no branch: there such a setting would not hold."""
    empty = tmp_path / "no-hooks"
    empty.mkdir()
    if how == "worktree":
        git(repo, "config", "extensions.worktreeConfig", "true")
        git(repo, "config", "--worktree", "core.hooksPath", str(empty))
    else:
        include = machine / "other.inc"
        include.write_text(f"[core]\n\thooksPath = {empty}\n")
        condition = f"gitdir:{repo}/" if how == "gitdir" else "onbranch:main"
        git(repo, "config", "--global", f"includeIf.{condition}.path", str(include))

    found = doctor(repo, 1)

    assert not found["pre-commit"]["ok"]
    assert not found["post-merge"]["ok"]
    assert str(empty) in found["hooks folder"]["found"]

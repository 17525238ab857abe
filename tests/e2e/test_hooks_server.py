"""The hook of a bare repository: whatever is pushed is looked at before it is taken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from repos import STACK, WRONG, git, repository, tree, write, zenprofile

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "server.git")
    zenprofile(tmp_path, "hooks", "install", "--server", "server.git")
    return tmp_path / "server.git"


@pytest.fixture
def repo(bare: Path, tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    git(folder, "remote", "add", "origin", str(bare))
    git(folder, "push", "-q", "-u", "origin", "main")
    return folder


def commit(repo: Path, path: str, text: str) -> None:
    write(repo, f".zenprofile/{path}", text)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", path)


def test_what_holds_is_taken_and_what_does_not_is_told(repo: Path, bare: Path) -> None:
    commit(repo, "stacks/prod.yaml", STACK)
    git(repo, "push", "-q")
    commit(repo, "stacks/wrong.yaml", WRONG)

    said = git(repo, "push", fails=True).stderr

    assert "remote: .zenprofile/stacks/wrong.yaml:3:17: stack wrong refers to" in said
    assert git(bare, "log", "-1", "--format=%s").stdout == "stacks/prod.yaml\n"
    assert not list(bare.glob("objects/*incoming*"))


def test_only_what_a_push_adds_is_refused(repo: Path, bare: Path) -> None:
    (bare / "hooks" / "pre-receive").rename(bare / "off")
    commit(repo, "stacks/wrong.yaml", WRONG)
    git(repo, "push", "-q")
    (bare / "off").rename(bare / "hooks" / "pre-receive")

    commit(repo, "stacks/prod.yaml", STACK)
    git(repo, "push", "-q")
    git(repo, "push", "-q", "origin", "HEAD:refs/heads/more")
    git(repo, "push", "-q", "--force", "origin", "HEAD~2:refs/heads/more")
    git(repo, "push", "-q", "origin", ":refs/heads/more")


def test_the_default_branch_stays_and_others_go(repo: Path) -> None:
    git(repo, "push", "-q", "origin", "HEAD:other")
    git(repo, "push", "-q", "origin", ":other")
    said = git(repo, "push", "origin", ":main", fails=True).stderr

    assert "the default branch main is not deleted" in said


def test_one_bad_ref_among_many_stops_them_all(repo: Path, bare: Path) -> None:
    refs = [f"HEAD:refs/heads/b{number}" for number in range(60)]
    git(repo, "push", "-q", "origin", *refs)
    commit(repo, "stacks/wrong.yaml", WRONG)

    git(repo, "push", "origin", "HEAD~1:refs/heads/fine", "HEAD:refs/heads/bad", fails=True)

    assert "fine" not in git(bare, "branch").stdout


def test_secrets_on_the_way_links_and_sizes(repo: Path, bare: Path) -> None:
    secret = "name: s\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  secret: hunter2hunter2\n"
    commit(repo, "components/artifact_store/s.yaml", secret)
    commit(repo, "components/artifact_store/s.yaml", secret.replace("hunter2hunter2", '"{{a.b}}"'))
    said = git(repo, "push", fails=True).stderr
    assert "is sensitive" in said
    assert "hunter2" not in said

    git(repo, "reset", "-q", "--hard", "origin/main")
    (repo / ".zenprofile" / "users" / "evil.yaml").symlink_to("/etc/passwd")
    commit(repo, "users/big.yaml", "name: big\ndescription: " + "x" * 3_000_000 + "\n")
    said = git(repo, "push", fails=True).stderr
    assert "users/evil.yaml is a link" in said
    assert "1048576" in said


def test_without_zenprofile_nothing_is_taken(repo: Path, bare: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.write_text(hook.read_text().replace("/__main__.py", "/gone.py"))
    commit(repo, "stacks/prod.yaml", STACK)

    said = git(repo, "push", fails=True, PATH="/usr/bin:/bin").stderr

    assert "nothing is taken" in said


def test_a_crash_takes_nothing(repo: Path, bare: Path) -> None:
    commit(repo, "stacks/prod.yaml", STACK)
    write(bare, "sitecustomize.py", "import sys\nsys.modules['zenprofile.core.document_check'] = None\n")

    said = git(repo, "push", fails=True, PYTHONPATH=str(bare)).stderr

    assert "remote: Error: " in said
    assert "Traceback" not in said


def test_as_it_ships_it_serves_in_custom_hooks(repo: Path, bare: Path, tmp_path: Path) -> None:
    zenprofile(tmp_path, "hooks", "uninstall", "--server", str(bare))
    assert not (bare / "hooks" / "pre-receive").exists()
    shipped = write(bare, "hooks/pre-receive", (ROOT / "hooks" / "pre-receive").read_text())
    shipped.chmod(0o755)
    commit(repo, "stacks/wrong.yaml", WRONG)
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    assert "remote: .zenprofile/stacks/wrong.yaml:3:17" in git(repo, "push", fails=True, **path).stderr


def test_installed_twice_with_status_and_a_hook_that_was_there(bare: Path, tmp_path: Path) -> None:
    zenprofile(tmp_path, "hooks", "uninstall", "--server", "server.git")
    log = tmp_path / "log"
    hook = write(bare, "hooks/pre-receive", f"#!/bin/sh\ncat >{log}\n")
    hook.chmod(0o755)
    before = tree(bare)
    zenprofile(tmp_path, "hooks", "status", "--server", "server.git")
    zenprofile(tmp_path, "hooks", "install", "--server", "server.git")
    once = tree(bare)
    zenprofile(tmp_path, "hooks", "install", "--server", "server.git")
    assert tree(bare) == once
    zenprofile(tmp_path, "hooks", "status", "--server", "server.git")
    repo = repository(tmp_path / "repo")
    git(repo, "push", "-q", str(bare), "main")
    assert log.read_text().endswith(" refs/heads/main\n")
    zenprofile(tmp_path, "hooks", "uninstall", "--server", "server.git")
    assert {name: found for name, found in tree(bare).items() if name.startswith("hooks")} == {
        name: found for name, found in before.items() if name.startswith("hooks")
    }


def test_a_bare_repository_that_must_be_named(bare: Path, repo: Path) -> None:
    commit(repo, "stacks/wrong.yaml", WRONG)
    env = {**os.environ, "GIT_CONFIG_COUNT": "1"}
    env |= {"GIT_CONFIG_KEY_0": "safe.bareRepository", "GIT_CONFIG_VALUE_0": "explicit"}

    done = subprocess.run(["git", "push"], cwd=repo, env=env, capture_output=True, text=True, check=False)

    assert "wrong.yaml:3:17" in done.stderr


OLD = "name: old\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  gone_field: 1\n"
AT = "components/artifact_store/old.yaml"


@pytest.fixture(params=["pre-receive", "pre-push", "pre-commit"])
def upgraded(request: pytest.FixtureRequest, repo: Path, bare: Path) -> Path:
    """A repository that has a document with a field that its flavor does not know any more; one kind of hook looks."""
    (bare / "hooks" / "pre-receive").rename(bare / "off")
    commit(repo, AT, OLD)
    git(repo, "push", "-q")
    if request.param == "pre-receive":
        (bare / "off").rename(bare / "hooks" / "pre-receive")
    else:
        zenprofile(repo, "hooks", "install")
        for hook in ("pre-commit", "pre-push"):
            if hook != request.param:
                (repo / ".git" / "hooks" / hook).unlink()
    return repo


def test_what_comes_back_from_an_earlier_time_has_no_new_problem(upgraded: Path) -> None:
    repo = upgraded
    git(repo, "rm", "-q", f".zenprofile/{AT}")
    git(repo, "commit", "-q", "-m", "gone")
    git(repo, "push", "-q")
    git(repo, "revert", "--no-edit", "HEAD")
    git(repo, "push", "-q")

    # Changed since, then as it was; and back with an edit.
    commit(repo, AT, OLD.replace("  gone_field: 1\n", ""))
    git(repo, "push", "-q")
    git(repo, "checkout", "-q", "HEAD~1", "--", ".")
    git(repo, "commit", "-q", "-m", "as it was")
    git(repo, "push", "-q")
    git(repo, "rm", "-q", f".zenprofile/{AT}")
    git(repo, "commit", "-q", "-m", "gone again")
    git(repo, "push", "-q")
    commit(repo, AT, OLD.replace("s3://b", "s3://c"))
    git(repo, "push", "-q")

    # Another problem is new all the same.
    write(repo, f".zenprofile/{AT}", OLD + "  other_field: 1\n")
    done = git(repo, "commit", "-q", "-a", "-m", "worse", fails=None)
    said = done.stderr if done.returncode else git(repo, "push", fails=True).stderr
    assert "other_field" in said
    assert "gone_field" not in said


def test_a_profile_that_moves_to_another_folder_brings_no_new_problem(upgraded: Path) -> None:
    repo = upgraded
    git(repo, "mv", ".zenprofile", "stacks-of-ours")
    git(repo, "commit", "-q", "-m", "moved")
    git(repo, "push", "-q")
    write(repo, "stacks-of-ours/stacks/wrong.yaml", WRONG)
    git(repo, "add", ".")
    done = git(repo, "commit", "-q", "-m", "wrong", fails=None)
    assert "stacks-of-ours/stacks/wrong.yaml:3:17" in (
        done.stderr if done.returncode else git(repo, "push", fails=True).stderr
    )

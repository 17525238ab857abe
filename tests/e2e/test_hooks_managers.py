"""Where pre-commit, lefthook or husky rule the hooks: the real ones, with the lines that zenprofile prints."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from repos import STACK, WRONG, git, head, repository, tree, write, zenprofile
from tools import path, program

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("managers")]

ROOT = Path(__file__).resolve().parents[2]
SECRET = "name: s\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  secret: hunter2hunter2\n"


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hooks find zenprofile and the managers."""
    monkeypatch.setenv("PATH", path())


def run(folder: Path, *words: str, fails: bool = False) -> str:
    """Run a program; return all that it printed."""
    done = subprocess.run([program(words[0]), *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def snippet(repo: Path) -> str:
    """Return the lines that `hooks install` prints where another tool rules; it writes nothing."""
    before = tree(repo, ".git/zenprofile")
    printed = zenprofile(repo, "hooks", "install")
    assert "rules the hooks here" in printed.stderr
    assert tree(repo, ".git/zenprofile") == before
    return printed.stdout


def with_pre_commit(repo: Path) -> None:
    write(repo, ".pre-commit-config.yaml", "repos: []\n")
    write(repo, ".pre-commit-config.yaml", snippet(repo))
    run(repo, "pre-commit", "install")


def with_lefthook(repo: Path) -> None:
    write(repo, "lefthook.yml", "{}\n")
    write(repo, "lefthook.yml", snippet(repo))
    run(repo, "lefthook", "install")


def with_husky(repo: Path) -> None:
    run(repo, "husky")
    printed = snippet(repo)
    for file, line in re.findall(r"^# (\.husky/\S+)\n(.*)$", printed, re.MULTILINE):
        write(repo, file, line + "\n")


@pytest.fixture(params=[with_pre_commit, with_lefthook, with_husky])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository in which another tool runs the hooks, and zenprofile among them."""
    folder = repository(tmp_path / "repo")
    request.param(folder)
    zenprofile(folder, "hooks", "install", "--driver")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "hooks")
    return folder


def test_commits_merges_and_pushes_are_checked_and_pulls_are_told(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "-u", "origin", "main")
    write(repo, ".zenprofile/stacks/wrong.yaml", WRONG)
    git(repo, "add", ".")

    for way in ([], ["-a"], [".zenprofile"]):
        done = git(repo, "commit", "-m", "x", *way, fails=True)
        assert ".zenprofile/stacks/wrong.yaml:3:17" in done.stdout + done.stderr
    before = head(repo)
    git(repo, "commit", "-q", "-m", "forced", "--no-verify")
    done = git(repo, "push", fails=True)
    assert ".zenprofile/stacks/wrong.yaml:3:17" in done.stdout + done.stderr

    git(repo, "branch", "spoiled")
    git(repo, "reset", "-q", "--hard", before)
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "prod")
    git(repo, "push", "-q")
    done = git(repo, "merge", "spoiled", fails=True)
    assert ".zenprofile/stacks/wrong.yaml:3:17" in done.stdout + done.stderr
    git(repo, "merge", "--abort")
    git(repo, "reset", "-q", "--hard", "HEAD~1")
    done = git(repo, "pull")
    assert "add stack prod" in done.stdout + done.stderr


def test_a_linked_work_tree_and_a_deletion(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "linked")
    linked = tmp_path / "linked"
    if (repo / ".husky").exists():
        run(linked, "husky")  # its folder is relative: each work tree has its own
    git(linked, "rm", "-q", ".zenprofile/components/orchestrator/default.yaml")

    done = git(linked, "commit", "-m", "x", fails=True)

    assert "is in use by stack default" in done.stdout + done.stderr


def test_a_push_is_checked_whatever_a_manager_sees_of_it(repo: Path, tmp_path: Path) -> None:
    """Another branch than the one that is checked out, commits that only delete, and that add and take away again."""
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "-u", "origin", "main")
    profile = repo / ".zenprofile"
    token, wrong = profile / "components/artifact_store/s.yaml", profile / "stacks/wrong.yaml"
    used = profile / "components/orchestrator/default.yaml"
    steps_of: dict[str, list[tuple[Path, str]]] = {
        "other": [(wrong, WRONG)], "deletes": [(used, "")], "takes-away": [(token, SECRET), (token, "")]
    }  # fmt: skip
    for branch, steps in steps_of.items():
        git(repo, "switch", "-q", "-c", branch, "main")
        for file, text in steps:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text) if text else file.unlink()
            git(repo, "add", "-A")
            git(repo, "commit", "-q", "-m", branch, "--no-verify")
        if branch == "other":
            git(repo, "switch", "-q", "main")

        done = git(repo, "push", "origin", branch, fails=True)

        assert ".zenprofile/" in done.stdout + done.stderr, branch
        assert "refused for 1 problem" in done.stdout + done.stderr, branch
        assert "hunter2" not in done.stdout + done.stderr
        git(repo, "switch", "-q", "main")
    git(repo, "push", "-q", "origin", "main:fine")
    git(repo, "push", "-q", "origin", ":fine")


def test_doctor_proves_it(repo: Path) -> None:
    before = tree(repo, ".git/zenprofile")

    found = {row["check"]: row for row in json.loads(zenprofile(repo, "doctor", "-o", "json").stdout)}

    for check in ("pre-commit", "pre-merge-commit", "pre-push", "post-merge", "post-rewrite", "post-checkout"):
        assert found[check]["ok"], found[check]
    assert found["merge driver"]["ok"]
    assert tree(repo, ".git/zenprofile") == before


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a repository with a tag, as others name it in their configuration."""
    folder = tmp_path_factory.mktemp("managers") / "zenprofile"
    left = (".git", ".venv", "build", "dist", "__pycache__", ".*_cache", "*.egg-info", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*left))
    roles = ("AUTHOR", "COMMITTER")
    who: dict[str, Any] = {f"GIT_{role}_{what}": "a@b" for role in roles for what in ("NAME", "EMAIL")}
    git(folder, "init", "-q", **who)
    git(folder, "add", "-f", ".", **who)
    git(folder, "commit", "-q", "-m", "as it is", **who)
    git(folder, "tag", "v0.0.1", **who)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the framework keeps: the environment that it installs is made once."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def framework(project: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose configuration names the project by its tag."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(home))
    folder = repository(tmp_path / "repo")
    names = ("zenprofile-validate", "zenprofile-refs", "zenprofile-secrets", "zenprofile-fmt")
    hooks = "".join(f"      - id: {name}\n" for name in names)
    kinds = "[pre-commit, pre-merge-commit, pre-push]"
    text = f"default_install_hook_types: {kinds}\nrepos:\n  - repo: {project}\n    rev: v0.0.1\n    hooks:\n{hooks}"
    write(folder, ".pre-commit-config.yaml", text)
    run(folder, "pre-commit", "install")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "hooks")
    return folder


def test_the_frameworks_hooks_from_a_tag(framework: Path, tmp_path: Path) -> None:
    repo = framework
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "-u", "origin", "main")
    write(repo, ".zenprofile/stacks/wrong.yaml", WRONG)
    write(repo, ".zenprofile/users/odd.yaml", "name: odd\nwhat: is this\n")
    write(repo, ".zenprofile/components/artifact_store/s.yaml", SECRET)
    write(repo, ".zenprofile/stacks/order.yaml", "components:\n  orchestrator: default\nname: order\n")
    git(repo, "add", ".")

    done = git(repo, "commit", "-m", "x", fails=True)

    said = done.stdout + done.stderr
    states = dict(re.findall(r"^(zenprofile \w+?)\.+(Passed|Failed|\(no files to check\)Skipped)$", said, re.MULTILINE))
    assert set(states.values()) == {"Failed"}, said
    assert len(states) == 4
    assert "hunter2" not in said
    assert (repo / ".zenprofile/stacks/order.yaml").read_text().startswith("name: order\n")
    spoiled = ("components/artifact_store/s.yaml", "users/odd.yaml", "stacks/wrong.yaml")
    git(repo, "rm", "-q", "-f", *(f".zenprofile/{file}" for file in spoiled))
    git(repo, "add", ".zenprofile/stacks")
    git(repo, "commit", "-q", "-m", "in order")
    git(repo, "rm", "-q", ".zenprofile/components/orchestrator/default.yaml")
    done = git(repo, "commit", "-m", "x", fails=True)
    assert "is in use by stack default" in done.stdout + done.stderr
    git(repo, "commit", "-q", "-m", "forced", "--no-verify")
    done = git(repo, "push", fails=True)
    assert "is in use by" in done.stdout + done.stderr


def test_all_files_in_a_job_are_checked_as_they_are(framework: Path) -> None:
    repo = framework
    write(repo, ".zenprofile/stacks/wrong.yaml", WRONG)
    write(repo, ".zenprofile/users/odd.yaml", "name: odd\nwhat: is this\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "forced", "--no-verify")

    said = run(repo, "pre-commit", "run", "--all-files", fails=True)

    assert ".zenprofile/stacks/wrong.yaml:3:17" in said
    assert ".zenprofile/users/odd.yaml:2:1" in said
    said = run(repo, "pre-commit", "run", "--from-ref", "HEAD~1", "--to-ref", "HEAD", fails=True)
    assert ".zenprofile/stacks/wrong.yaml:3:17" in said


def test_try_repo(project: Path, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write(repo, ".zenprofile/users/odd.yaml", "name: odd\nwhat: is this\n")
    git(repo, "add", ".")

    said = run(repo, "pre-commit", "try-repo", str(project), "zenprofile-validate", fails=True)

    assert ".zenprofile/users/odd.yaml:2:1" in said
    assert "ModuleNotFound" not in said


def test_beside_a_tool_by_force_native_hooks_run_too(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write(repo, ".pre-commit-config.yaml", "repos: []\n")
    run(repo, "pre-commit", "install")

    said = zenprofile(repo, "hooks", "install", "--force", status=1).stderr

    assert "pre-commit wrote it" in said
    assert "File generated by pre-commit" in (repo / ".git/hooks/pre-commit").read_text()
    assert "zenprofile hook: pre-push." in (repo / ".git/hooks/pre-push").read_text()

"""Native hooks in git's hands: every way in which git commits, merges and pushes meets them."""

import json
import re
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from repos import GOOD, STACK, WRONG, git, head, repository, tree, write, zenprofile

pytestmark = pytest.mark.slow


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with hooks installed."""
    folder = repository(tmp_path / "repo")
    zenprofile(folder, "hooks", "install")
    return folder


def spoil(folder: Path) -> Path:
    return write(folder, ".zenprofile/stacks/wrong.yaml", WRONG)


def test_what_holds_is_committed(repo: Path) -> None:
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "prod")

    assert git(repo, "status", "--porcelain").stdout == ""


def test_what_does_not_hold_is_not_committed_unless_forced(repo: Path) -> None:
    before = head(repo)
    spoil(repo)
    git(repo, "add", ".")

    said = git(repo, "commit", "-m", "x", fails=True).stderr

    assert ".zenprofile/stacks/wrong.yaml:3:17: " in said
    assert "--no-verify" in said
    assert head(repo) == before
    git(repo, "commit", "-q", "-m", "x", fails=False, ZENPROFILE="0")
    git(repo, "commit", "-q", "--amend", "--no-verify", "-m", "y")


def test_the_index_is_checked_and_not_the_work_tree(repo: Path) -> None:
    path = spoil(repo)
    git(repo, "add", ".")
    path.write_text(STACK.replace("prod", "wrong"))
    git(repo, "commit", "-m", "x", fails=True)

    git(repo, "add", ".")
    path.write_text(WRONG)
    git(repo, "commit", "-q", "-m", "good index, spoiled file")


@pytest.mark.parametrize(
    "way", [["-a"], [".zenprofile/stacks/default.yaml"], ["-i", ".zenprofile/stacks/default.yaml"]]
)
def test_the_index_that_git_makes_for_the_occasion_is_checked(repo: Path, way: list[str]) -> None:
    write(repo, ".zenprofile/stacks/default.yaml", "name: default\ncomponents:\n  orchestrator: nowhere\n")

    said = git(repo, "commit", "-m", "x", *way, fails=True).stderr

    assert "refers to orchestrator 'nowhere'" in said


def test_another_file_committed_by_name_leaves_what_is_staged_unchecked(repo: Path) -> None:
    spoil(repo)
    git(repo, "add", ".")
    write(repo, "code.py", "print(2)\n")

    git(repo, "commit", "-q", "-m", "code", "code.py")


def test_from_a_folder_below_and_with_a_work_tree_elsewhere(repo: Path, tmp_path: Path) -> None:
    spoil(repo)
    git(repo / ".zenprofile", "add", ".")
    git(repo / ".zenprofile" / "stacks", "commit", "-m", "x", fails=True)
    git(tmp_path, f"--git-dir={repo}/.git", f"--work-tree={repo}", "commit", "-m", "x", fails=True)


def test_a_deletion_of_what_is_in_use_is_refused(repo: Path) -> None:
    git(repo, "rm", "-q", ".zenprofile/components/orchestrator/default.yaml")

    assert "is in use by stack default" in git(repo, "commit", "-m", "x", fails=True).stderr


def test_problems_that_were_there_before_do_not_stop_a_commit(repo: Path) -> None:
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "--no-verify", "-m", "forced")
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    write(repo, ".zenprofile/stacks/wrong.yaml", WRONG + "description: still\n")
    git(repo, "add", ".")

    git(repo, "commit", "-q", "-m", "prod")


def test_links_strays_manifest_names_sizes_and_secrets(repo: Path) -> None:
    (repo / ".zenprofile" / "stacks" / "link.yaml").symlink_to("/etc/passwd")
    write(repo, ".zenprofile/stacks/stray.yml", STACK)
    write(repo, ".zenprofile/zenprofile.yaml", "format: one\n")
    write(repo, ".zenprofile/stacks/Default.yaml", STACK.replace("prod", "Default"))
    write(repo, ".zenprofile/users/big.yaml", "name: big\ndescription: " + "x" * 1100000 + "\n")
    secret = "name: s\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  secret: hunter2hunter2\n"
    write(repo, ".zenprofile/components/artifact_store/s.yaml", secret)
    git(repo, "add", ".")

    said = git(repo, "commit", "-m", "x", fails=True).stderr

    for word in (
        "stacks/link.yaml:1:1: stacks/link.yaml is a link",
        "stray.yml is not read",
        "must say 'format: 1'",
        "differ only in case",
        "1048576",
        "components/artifact_store/s.yaml:6:11:",
    ):
        assert word in said
    assert "hunter2" not in said


def test_the_manifest_does_not_go_alone(repo: Path) -> None:
    git(repo, "rm", "-q", ".zenprofile/zenprofile.yaml")
    assert "is taken away, and documents stay" in git(repo, "commit", "-m", "x", fails=True).stderr

    git(repo, "rm", "-q", "-r", ".zenprofile")
    git(repo, "commit", "-q", "-m", "no profile any more")


def test_the_first_commit_of_all_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    zenprofile(folder, "create", "new", "--url", "stacks-of-ours")
    zenprofile(folder, "--profile", "new", "hooks", "install")
    write(folder, "stacks-of-ours/stacks/wrong.yaml", WRONG)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "x", fails=True)
    git(folder, "rm", "-q", "--cached", "stacks-of-ours/stacks/wrong.yaml")
    git(folder, "commit", "-q", "-m", "begin")


def diverged(repo: Path) -> None:
    """Leave a branch `theirs` that deletes a component, and one that uses it on the current branch."""
    write(repo, ".zenprofile/components/orchestrator/gpu.yaml", GOOD)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "gpu")
    git(repo, "branch", "theirs")
    write(repo, ".zenprofile/stacks/prod.yaml", STACK.replace("orchestrator: default", "orchestrator: gpu"))
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "use it")
    git(repo, "checkout", "-q", "theirs")
    git(repo, "rm", "-q", ".zenprofile/components/orchestrator/gpu.yaml")
    git(repo, "commit", "-q", "-m", "drop it")
    git(repo, "checkout", "-q", "-")


def test_a_merge_that_is_clean_and_does_not_hold_is_not_committed(repo: Path) -> None:
    diverged(repo)

    said = git(repo, "merge", "theirs", fails=True).stderr

    assert "orchestrator 'gpu'" in said
    assert (repo / ".git" / "MERGE_HEAD").exists()


def test_a_pull_tells_what_came_in_entity_terms(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "peer")
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "prod")
    peer = tmp_path / "peer"
    zenprofile(peer, "create", "peer", "--url", ".zenprofile")
    zenprofile(peer, "--profile", "peer", "hooks", "install")

    assert "add stack prod" in git(peer, "pull", "--ff-only").stderr


def pulls(repo: Path, tmp_path: Path) -> Path:
    """Return a clone with hooks that has a commit of its own, and a spoiled one to pull."""
    git(tmp_path, "clone", "-q", str(repo), "peer")
    peer = tmp_path / "peer"
    zenprofile(peer, "create", "peer", "--url", ".zenprofile")
    zenprofile(peer, "--profile", "peer", "hooks", "install")
    write(peer, ".zenprofile/stacks/own.yaml", STACK.replace("prod", "own"))
    git(peer, "add", ".")
    git(peer, "commit", "-q", "-m", "own")
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "--no-verify", "-m", "forced")
    return peer


def test_a_pull_with_rebase_tells_changes_and_problems(repo: Path, tmp_path: Path) -> None:
    said = git(pulls(repo, tmp_path), "pull", "--rebase").stderr

    assert said.count("add stack wrong") == 1
    assert "invalid: .zenprofile/stacks/wrong.yaml:3:17" in said


def test_a_quiet_pull_tells_the_problems_alone(repo: Path, tmp_path: Path) -> None:
    said = git(pulls(repo, tmp_path), "pull", "-q", "--rebase").stderr

    assert "add stack" not in said
    assert "invalid: .zenprofile/stacks/wrong.yaml:3:17" in said


def test_another_branch_is_told_and_other_checkouts_are_silent(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "work")
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    assert git(repo, "commit", "-q", "-m", "prod").stderr == ""

    assert "delete stack prod" in git(repo, "checkout", "main").stderr
    assert git(repo, "checkout", "-q", "--", "code.py").stderr == ""
    assert git(repo, "commit", "-q", "--allow-empty", "--amend", "-m", "again").stderr == ""
    git(repo, "worktree", "add", "-q", "../linked", "work")


def test_what_tells_never_fails(repo: Path) -> None:
    for event in ("post-merge", "post-rewrite", "post-checkout"):
        done = zenprofile(repo, "hook", event, "nonsense", "b", "1")
        assert done.stdout + done.stderr == ""
    (repo / ".git" / "HEAD").write_text("nonsense")
    assert zenprofile(repo, "hook", "post-merge").stderr == ""


def test_a_linked_work_tree_has_the_hooks_and_its_own_index(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "linked")
    spoil(tmp_path / "linked")
    git(tmp_path / "linked", "add", ".")
    git(tmp_path / "linked", "commit", "-m", "x", fails=True)
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "prod")


def test_a_push_is_checked_at_its_tip_and_each_commit_for_secrets(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "-u", "origin", "HEAD")
    secret = "name: s\ntype: artifact_store\nflavor: s3\nconfiguration:\n  path: s3://b\n  secret: hunter2hunter2\n"
    path = write(repo, ".zenprofile/components/artifact_store/s.yaml", secret)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "--no-verify", "-m", "a secret")
    path.write_text(secret.replace("hunter2hunter2", '"{{aws.key}}"'))
    git(repo, "commit", "-q", "-a", "-m", "taken out")

    said = git(repo, "push", fails=True).stderr

    assert f"in the commit {head_of(repo, 'HEAD~1')[:10]}" in said
    assert "hunter2" not in said
    git(repo, "reset", "-q", "--hard", "origin/main")
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "--no-verify", "-m", "forced")
    assert "stacks/wrong.yaml:3:17" in git(repo, "push", fails=True).stderr
    assert "stacks/wrong.yaml:3:17" in git(repo, "push", "origin", "HEAD:refs/heads/new", fails=True).stderr
    git(repo, "push", "-q", "--no-verify")
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "another")
    git(repo, "push", "-q")
    git(repo, "push", "-q", "origin", "HEAD:refs/heads/new", "HEAD~1:refs/tags/v1")
    git(repo, "push", "-q", "origin", ":new")


def head_of(folder: Path, rev: str) -> str:
    return git(folder, "rev-parse", rev).stdout.strip()


def test_variables_of_another_repository_do_not_lead_astray(repo: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "other", "other")
    before = tree(other)
    leaked: dict[str, Any] = {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git" / "index")}
    spoil(repo)
    git(repo, "add", ".")

    zenprofile(repo, "--profile", "team", "hooks", "install", **leaked)
    assert "wrong.yaml" in zenprofile(repo, "--profile", "team", "validate", "--staged", status=1, **leaked).stdout
    assert tree(other) == before
    # Git itself acts on GIT_DIR: what it is about to commit there is what is checked.
    write(other, ".zenprofile/stacks/prod.yaml", STACK)
    git(other, "add", ".")
    zenprofile(other, "--profile", "other", "hooks", "install")
    git(other, "commit", "-q", "-m", "fine", **leaked)


def test_without_zenprofile_nothing_is_committed_and_pulls_go_on(repo: Path, tmp_path: Path) -> None:
    for event in ("pre-commit", "post-checkout"):
        hook = repo / ".git" / "hooks" / event
        hook.write_text(re.sub("^python=.*$", "python=/nowhere/python", hook.read_text(), flags=re.MULTILINE))
    path: dict[str, Any] = {"PATH": "/usr/bin:/bin"}
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")

    said = git(repo, "commit", "-m", "x", fails=True, **path).stderr

    assert "gone from /nowhere/python and from PATH" in said
    git(repo, "checkout", "-q", "-b", "other", **path)
    git(repo, "commit", "-q", "-m", "x", **path, ZENPROFILE_HOOKS="optional")
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-m", "x", fails=True, PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin")


def test_an_index_that_cannot_be_read_stops_git(repo: Path) -> None:
    write(repo, "other-index", "nonsense")

    done = zenprofile(repo, "hook", "pre-commit", status=1, GIT_INDEX_FILE=str(repo / "other-index"))

    assert "index file" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_there_before_runs_first_with_the_same_arguments_and_input(repo: Path, tmp_path: Path) -> None:
    zenprofile(repo, "hooks", "uninstall")
    log = tmp_path / "log"
    for event in ("pre-commit", "pre-push", "post-checkout"):
        hook = write(repo, f".git/hooks/{event}", f'#!/bin/sh\necho {event} "$@" >>{log}\ncat >>{log}\n')
        hook.chmod(0o755)
    before = tree(repo / ".git")
    zenprofile(repo, "hooks", "install")
    git(tmp_path, "init", "-q", "--bare", "remote.git")

    git(repo, "push", "-q", str(tmp_path / "remote.git"), "HEAD:refs/heads/main")
    git(repo, "checkout", "-q", "-b", "new")
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-m", "x", fails=True)

    lines = log.read_text().splitlines()
    remote = str(tmp_path / "remote.git")
    assert lines[0] == f"pre-push {remote} {remote}"
    assert lines[1].startswith(f"HEAD {head(repo)} refs/heads/main 000000")
    assert lines[2].startswith("post-checkout ")
    assert lines[3] == "pre-commit"
    write(repo, ".git/hooks/pre-commit.zenprofile-saved", "#!/bin/sh\nexit 7\n")
    git(repo, "rm", "-q", "-f", ".zenprofile/stacks/wrong.yaml")
    git(repo, "commit", "--allow-empty", "-m", "x", fails=True)
    (repo / ".git/hooks/pre-commit.zenprofile-saved").write_bytes(before["hooks/pre-commit"][1])
    zenprofile(repo, "hooks", "uninstall")
    assert hooks_of(tree(repo / ".git")) == hooks_of(before)


def hooks_of(files: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
    return {name: found for name, found in files.items() if name.startswith(("hooks", "info", "config"))}


@pytest.mark.parametrize("attributes", [None, "*.py diff=python\n", "*.py diff=python"])
def test_installed_twice_is_installed_once_and_uninstalled_leaves_nothing(
    tmp_path: Path, attributes: str | None
) -> None:
    repo = repository(tmp_path / "repo")
    info = repo / ".git" / "info" / "attributes"
    if attributes is not None:
        write(repo, ".git/info/attributes", attributes)
    sample = write(repo, ".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n")
    sample.chmod(0o750)
    before = tree(repo, ".git/zenprofile")

    shown = zenprofile(repo, "hooks", "install", "--print").stdout
    assert tree(repo, ".git/zenprofile") == before
    assert "zenprofile hook: pre-push." in shown
    zenprofile(repo, "hooks", "install")
    once = tree(repo, ".git/zenprofile")
    assert "Nothing to do" in zenprofile(repo, "hooks", "install").stdout
    assert tree(repo, ".git/zenprofile") == once
    assert "/.zenprofile/components/*/*.yaml merge=zenprofile" in info.read_text()
    assert stat.S_IMODE((repo / ".git/hooks/pre-push").stat().st_mode) == 0o755
    assert json.loads(zenprofile(repo, "hooks", "status", "-o", "json").stdout)["installed"]
    zenprofile(repo, "hooks", "uninstall")
    assert tree(repo, ".git/zenprofile") == before
    assert "Nothing to do" in zenprofile(repo, "hooks", "uninstall").stdout
    state = json.loads(zenprofile(repo, "hooks", "status", "-o", "json").stdout)
    assert (state["installed"], state["driver"]) == (False, "missing")
    assert {hook["state"] for hook in state["hooks"]} == {"missing", "other"}


def test_binary_link_and_other_tools_hooks_are_not_touched(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    hooks = repo / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit").write_bytes(b"\x7fELF\0\0")
    (hooks / "pre-push").symlink_to("/bin/true")
    (hooks / "post-merge").write_text("#!/bin/sh\n# LEFTHOOK\n")
    before = {name: (hooks / name).read_bytes() for name in ("pre-commit", "pre-push", "post-merge")}

    said = zenprofile(repo, "hooks", "install", "--force", status=1).stderr

    assert "is no script" in said
    assert "it is a link to /bin/true" in said
    assert "lefthook wrote it" in said
    assert {name: (hooks / name).read_bytes() for name in before} == before
    assert (hooks / "pre-push").is_symlink()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    hooks = repo / ".git" / "hooks"
    if hooks.exists():
        for file in hooks.iterdir():
            file.unlink()
        hooks.rmdir()
    hooks.write_text("a file where the folder should be")

    assert str(hooks) in zenprofile(repo, "hooks", "install", status=1).stderr


@pytest.mark.parametrize("scope", ["global", "system"])
def test_a_hooks_folder_of_everybodys_is_explained_and_not_written(tmp_path: Path, scope: str) -> None:
    repo = repository(tmp_path / "repo")
    folder = tmp_path / "everybody"
    folder.mkdir()
    settings = write(tmp_path, "config", f'[user]\nname = A\nemail = a@b\n[core]\nhooksPath = "{folder}"\n')
    env = {"GIT_CONFIG_GLOBAL": str(settings)}
    if scope == "system":
        env = {"GIT_CONFIG_SYSTEM": str(settings), "GIT_CONFIG_NOSYSTEM": "0"}
    before = tree(repo / ".git", "zenprofile")

    said = zenprofile(repo, "hooks", "install", status=1, **env).stderr

    assert str(settings) in said
    assert scope in said
    assert list(folder.iterdir()) == []
    assert tree(repo / ".git", "zenprofile") == before


def test_local_hooks_folders(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    git(repo, "config", "core.hooksPath", "tools/hooks")
    assert "--force" in zenprofile(repo, "hooks", "install", status=1).stderr
    zenprofile(repo, "hooks", "install", "--force")
    assert (repo / "tools" / "hooks" / "pre-commit").exists()
    spoil(repo)
    git(repo, "add", ".")
    git(repo, "commit", "-m", "x", fails=True)
    zenprofile(repo, "hooks", "uninstall")
    git(repo, "config", "core.hooksPath", ".git/hooks")
    zenprofile(repo, "hooks", "install")
    git(repo, "config", "core.hooksPath", "/dev/null")
    assert "git runs no hooks here" in zenprofile(repo, "hooks", "install", status=1).stderr


def test_hooks_go_although_another_folder_was_set_meanwhile(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    zenprofile(repo, "hooks", "install")
    everybody = tmp_path / "everybody"
    shutil.copytree(repo / ".git" / "hooks", everybody)
    settings = write(tmp_path, "config", f'[user]\nname = A\nemail = a@b\n[core]\nhooksPath = "{everybody}"\n')

    zenprofile(repo, "hooks", "uninstall", GIT_CONFIG_GLOBAL=str(settings))

    assert not (repo / ".git" / "hooks" / "pre-commit").exists()
    assert (everybody / "pre-commit").exists()


def test_hooks_are_for_git(tmp_path: Path) -> None:
    zenprofile(tmp_path, "create", "s", "-t", "sql")
    assert "type 'sql'" in zenprofile(tmp_path, "--profile", "s", "hooks", "install", status=1).stderr
    assert "no bare repository" in zenprofile(tmp_path, "hooks", "install", "--server", ".", status=1).stderr


def test_a_submodule_is_named(repo: Path, tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "-q")
    git(above, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "sub")
    zenprofile(above, "create", "sub", "--url", "sub/.zenprofile")

    said = zenprofile(above, "--profile", "sub", "hooks", "install").stderr

    assert "submodule of" in said
    assert (above / ".git" / "modules" / "sub" / "hooks" / "pre-commit").exists()
    spoil(above / "sub")
    git(above / "sub", "add", ".")
    git(above / "sub", "commit", "-m", "x", fails=True)


def test_hook_commands_are_named_when_they_are_wrong(tmp_path: Path) -> None:
    assert "there is no hook" in zenprofile(tmp_path, "hook", "nonsense", status=2).stderr
    assert "no git repository" in zenprofile(tmp_path, "hook", "pre-commit", status=1).stderr


def test_zenprofiles_own_commands_work_beside_the_hooks(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(repo, "push", "-q", "-u", "origin", "main")
    zenprofile(repo, "config", "sync", "commit")
    zenprofile(repo, "config", "run-hooks", "on")

    zenprofile(repo, "stack", "register", "prod", "-o", "default", "-a", "default")
    zenprofile(repo, "sync", "--with-others")

    assert git(repo, "log", "--format=%s", "origin/main").stdout.splitlines()[0] == "add stack prod"
    assert git(repo, "status", "--porcelain").stdout == ""


def test_folders_with_odd_names_have_the_driver(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    zenprofile(repo, "create", "odd", "--new", "--url", 'a "b" [c] *d\\e')
    git(repo, "add", ".")
    zenprofile(repo, "--profile", "odd", "hooks", "install")

    asked = 'a "b" [c] *d\\e/stacks/default.yaml'
    said = git(
        repo, "check-attr", "-z", "merge", "--", asked, "stacks/x.yaml", ".zenprofile/stacks/default.yaml"
    ).stdout

    values = said.split("\0")[2::3]
    assert values == ["zenprofile", "unspecified", "zenprofile"]


def test_what_is_only_announced_is_not_judged(repo: Path) -> None:
    """`git add -N`: git makes its tree without it."""
    spoil(repo)
    git(repo, "add", "-N", ".zenprofile/stacks/wrong.yaml")
    write(repo, "code.py", "print(2)\n")
    git(repo, "commit", "-q", "-m", "code", "code.py")
    git(repo, "add", "code.py")
    git(repo, "commit", "-q", "-m", "code again", "--allow-empty")

    assert "wrong" not in zenprofile(repo, "validate", ".zenprofile", "--staged").stdout
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "x", fails=True)


def test_a_rebase_that_only_moves_forward_tells_what_came(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "peer")
    peer = tmp_path / "peer"
    zenprofile(peer, "create", "peer", "--url", ".zenprofile")
    zenprofile(peer, "--profile", "peer", "hooks", "install")
    begun = head(peer)
    write(repo, ".zenprofile/stacks/prod.yaml", STACK)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "prod")

    git(peer, "fetch", "-q")
    for words in (["rebase", "origin/HEAD"], ["rebase", "--apply", "origin/HEAD"], ["pull", "--rebase"]):
        assert git(peer, *words).stderr.count("add stack prod") == 1, words
        git(peer, "reset", "-q", "--hard", begun)
    assert "add stack" not in git(peer, "rebase", "-q", "origin/HEAD").stderr
    git(peer, "reset", "-q", "--hard", begun)
    assert "add stack" not in git(peer, "merge", "-q", "--ff-only", "origin/HEAD").stderr
    git(peer, "reset", "-q", "--hard", begun)
    git(peer, "commit", "-q", "--allow-empty", "-m", "own")
    assert "add stack prod" in git(peer, "merge", "-m", "-q", "origin/HEAD").stderr


@pytest.mark.parametrize("chained", [True, False])
def test_what_another_tool_set_aside_of_ours_goes_too(tmp_path: Path, chained: bool) -> None:
    """As `pre-commit install` does over our hooks: it keeps them as ``.legacy``, and goes on running them."""
    repo = repository(tmp_path / "repo")
    hooks = repo / ".git" / "hooks"
    theirs = "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n"
    if chained:
        write(hooks, "pre-commit", "#!/bin/sh\necho mine\n").chmod(0o755)
    zenprofile(repo, "hooks", "install")
    (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    write(hooks, "pre-commit", theirs).chmod(0o755)

    zenprofile(repo, "hooks", "uninstall")

    assert (hooks / "pre-commit").read_text() == theirs
    assert not list(hooks.glob("*.zenprofile-saved"))
    if chained:
        assert (hooks / "pre-commit.legacy").read_text() == "#!/bin/sh\necho mine\n"
    else:
        assert not (hooks / "pre-commit.legacy").exists()

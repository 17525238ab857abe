"""Whose repository it is: git's rule of ownership for every operation, also those in Python; one's own habits work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hostile.repositories import _HOOKS, Place
from zenprofile.errors import Unsafe
from zenprofile.git import repository

NOBODY = 65534
REFUSED = "echo ssh: connect to host x port 22: Connection refused >&2; false"


@pytest.fixture
def place(run, folder: Path, tmp_path: Path) -> Place:
    """Hand over the profile in a folder beside; ``p`` is opened there."""
    shutil.copytree(folder, tmp_path / "profile", symlinks=True)
    (tmp_path / "outside").mkdir()
    return Place(tmp_path / "profile", tmp_path / "outside", tmp_path / "marker")


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a path another user's; who may not do that has git and this process believe it."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setattr("zenprofile.git.runner._KEPT", frozenset({"GIT_TEST_ASSUME_DIFFERENT_OWNER"}))


EVERY = (
    *("stack list", "component list -o json", "validate", "status", "log", "show HEAD", "diff", "user create eve"),
    *("commit", "pull", "push", "sync", "undo", "stack list --at HEAD", "fmt", "secrets check", "config sync commit"),
)


@pytest.mark.parametrize("what", ["", ".git", ".git of a linked work tree", ".git file of a linked work tree"])
def test_a_foreign_repository_is_refused_by_every_command(run, place: Place, what: str, monkeypatch) -> None:
    if "linked" in what:
        place.git("worktree", "add", "-q", "../linked")
        monkeypatch.chdir(place.profile.parent)
        shutil.move(place.profile, place.profile.with_name("main"))
        shutil.move(place.profile.with_name("linked"), place.profile)
        inner = place.profile.with_name("main") / ".git" / "worktrees" / "linked"
        (place.profile / ".git").write_text(f"gitdir: {inner}\n")
        (inner / "gitdir").write_text(f"{place.profile}/.git\n")
        foreign = place.profile / ".git" if "file" in what else inner
    else:
        foreign = place.profile / what
    run(f"create h --url {place.profile}")
    run("set h")
    for name in _HOOKS:
        path = place.profile.with_name("main" if "linked" in what else "profile") / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(place.script.read_text())
        path.chmod(0o755)
    given_away(foreign, monkeypatch)

    for line in EVERY:
        failed = run(line, fails=1) if line != "config sync commit" else None
        if failed is not None:
            assert "belongs to another user" in failed.err, line
            assert "safe.directory" in failed.err, line
    run(f"create g --url {place.profile}", fails=1)

    assert not place.marker.exists()
    assert run("list").out
    assert "default" in run("--profile p stack list").out


def test_one_that_git_is_told_to_trust_is_opened(run, place: Place, monkeypatch) -> None:
    given_away(place.profile, monkeypatch)
    run(f"create h --url {place.profile}", fails=1)
    subprocess.run(["git", "config", "--global", "--add", "safe.directory", str(place.profile)], check=True)
    if os.geteuid() == 0:
        run(f"create h --url {place.profile}")
        assert "default" in run("--profile h stack list").out


def test_root_trusts_whom_it_was_before_sudo(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "lstat", lambda _: os.stat_result((0, 0, 0, 0, 1234, 0, 0, 0, 0, 0)))
    monkeypatch.setenv("SUDO_UID", "1234")

    repository.check_ownership("/anywhere")

    monkeypatch.setenv("SUDO_UID", "4321")
    monkeypatch.setattr("zenprofile.git.runner.run", _refuses)
    with pytest.raises(Unsafe, match="belongs to another user"):
        repository.check_ownership("/anywhere")


def _refuses(*_: object, **__: object) -> None:
    raise Unsafe("the repository belongs to another user")


def test_habits_of_a_user_work_in_their_own_repository(run, place: Place) -> None:
    """The ssh command, the credential helper and the signing program are the user's, and git needs them."""
    run(f"create h --url {place.profile}")
    run("set h")
    run("config sync commit")
    place.git("remote", "add", "origin", "git@example.invalid:org/repo.git")
    place.git("config", "core.sshCommand", f"touch {place.marker}; {REFUSED}")

    failed = run("pull", fails=4)

    assert place.marker.exists()
    assert "git@example.invalid" in failed.err
    place.marker.unlink()
    signer = place.profile.parent / "signer.sh"
    signer.write_text(
        f"#!/bin/sh\ntouch '{place.marker}'\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n"
    )
    signer.chmod(0o755)
    place.git("config", "gpg.program", str(signer))
    place.git("config", "commit.gpgsign", "true")
    place.git("config", "user.signingkey", "x")

    run("user create signed")

    assert place.marker.exists()
    assert "gpgsig signature" in place.git("cat-file", "commit", "HEAD")


def test_a_program_for_the_other_side_stays_where_that_is_another_machine(run, place: Place) -> None:
    run(f"create h --url {place.profile}")
    run("set h")
    place.git("remote", "add", "origin", "ssh://example.invalid/repo.git")
    place.git("config", "core.sshCommand", f'echo "$@" > {place.marker}; {REFUSED}')
    place.git("config", "remote.origin.uploadpack", "/opt/git/bin/git-upload-pack")

    run("pull", fails=4)

    assert "/opt/git/bin/git-upload-pack" in place.marker.read_text()
    place.git("config", f"url.{place.outside}.insteadOf", "ssh://example.invalid")
    place.marker.unlink()
    assert "would run on this machine" in run("pull", fails=1).err
    assert not place.marker.exists()


def test_a_partial_clone_whose_remote_is_a_program_is_not_asked_for_what_it_lacks(run, place: Place) -> None:
    """A remote may be anybody's program: the setting that names it is told."""
    blob = place.git("rev-parse", "HEAD:stacks/default.yaml")
    run(f"create h --url {place.profile}")
    (place.profile / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "evil",
        "remote.evil.promisor": "true",
        "remote.evil.url": str(place.outside),
        "remote.evil.uploadpack": str(place.script),
    }.items():
        place.git("config", key, value)

    assert "'remote.evil.uploadpack' names a program" in run("--profile h stack list --at HEAD", fails=1).err
    assert "'remote.evil.uploadpack' names a program" in run("--profile h log", fails=1).err
    assert not place.marker.exists()

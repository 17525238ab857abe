"""Profiles at URLs that are cloned: created, loaded, shown, shared, deleted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from servers import bare_repository, git

from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.errors import AccessDenied, InUse, NotFound, StoreBroken, Unsafe
from zenprofile.git import remote
from zenprofile.git.clone import clone
from zenprofile.git.repository import find
from zenprofile.git.upstream import upstream
from zenprofile.machine.active import find_active
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.usecases.profiles import Created, CreateOptions, create, open_profile, rename
from zenprofile.usecases.removal import delete

LONG = 20.0


@pytest.fixture
def profiles(machine: Path) -> Profiles:
    made = Profiles(str(machine / "zenprofile"))
    create(made, CreateOptions("default"), LONG)
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return bare_repository(tmp_path / "team.git")


@pytest.fixture
def theirs(tmp_path: Path, bare: Path) -> Path:
    """The work tree of another person, who has pushed a profile of one stack below ``ml``."""
    git(tmp_path, "clone", "-q", str(bare), "theirs")
    folder = tmp_path / "theirs"
    put(folder, "ml/zenprofile.yaml", "format: 1\n")
    put(folder, "ml/users/ada.yaml", "name: ada\n")
    put(folder, "README.md", "not ours\n")
    push(folder)
    return folder


def put(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def push(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "theirs")
    git(folder, "push", "-q", "origin", "HEAD")
    return git(folder, "rev-parse", "HEAD")


def made(profiles: Profiles, url: str, name: str = "team") -> Created:
    return create(profiles, CreateOptions(name, url), LONG)


def keys(profiles: Profiles, profile: Profile) -> list[Key]:
    store = open_profile(profiles, profile, LONG)
    try:
        return store.snapshot().keys()
    finally:
        store.close()


def removed(profiles: Profiles, name: str = "team", force: bool = False) -> None:
    delete(profiles, find_active(profiles, ""), name, force)


def test_a_profile_that_is_there_is_loaded_and_not_touched(profiles: Profiles, theirs: Path, bare: Path) -> None:
    url = f"git+file://{bare}@main#subdirectory=ml"

    created = made(profiles, url)

    profile = created.profile
    assert created.loaded
    assert (profile.store_url, profile.store_type, profile.active_user) == (url, "local", "ada")
    assert profile.path == f"{profiles.folder}/clones/team"
    assert keys(profiles, profile) == [Key("user", "", "ada")]
    assert git(Path(profile.path), "rev-parse", "HEAD") == git(theirs, "rev-parse", "HEAD")
    assert git(Path(profile.path), "status", "--porcelain") == ""
    removed(profiles)
    assert not Path(profile.path).exists()


@pytest.mark.parametrize("tail", ["", "@main", "#subdirectory=ml", "@trunk#subdirectory=a/b"])
def test_an_empty_remote_begins_with_the_defaults_in_one_commit(profiles: Profiles, bare: Path, tail: str) -> None:
    created = made(profiles, f"git+file://{bare}{tail}")

    assert not created.loaded
    assert keys(profiles, created.profile) == sorted(key for key, _ in DEFAULTS)
    ours = find(Path(created.profile.path))
    assert ours is not None
    assert git(ours.top, "rev-list", "--count", "HEAD") == "1"
    assert git(ours.top, "status", "--porcelain") == ""
    up = upstream(ours, ours.head().ref)
    assert up is not None
    assert remote.push(ours, up, ours.head().oid, timeout=LONG).confirmed
    again = made(profiles, f"git+file://{bare}{tail}", "again")
    assert again.loaded
    removed(profiles)


def test_a_folder_without_a_profile_gets_one_beside_what_is_there(profiles: Profiles, theirs: Path, bare: Path) -> None:
    created = create(profiles, CreateOptions("team", f"git+file://{bare}#subdirectory=other/place", new=True), LONG)

    clone = Path(created.profile.path)
    assert (clone / "other" / "place" / "zenprofile.yaml").read_text() == "format: 1\n"
    assert (clone / "README.md").read_text() == "not ours\n"
    assert git(clone, "rev-list", "--count", "HEAD") == "2"


def test_each_spoiled_file_is_named_and_spoils_only_itself(profiles: Profiles, theirs: Path, bare: Path) -> None:
    put(theirs, "ml/users/broken.yaml", "{a\n")
    put(theirs, "ml/users/marked.yaml", "<<<<<<< ours\nname: marked\n=======\n>>>>>>> theirs\n")
    (theirs / "ml" / "users" / "link.yaml").symlink_to("/etc/passwd")
    (theirs / "ml" / "stacks").symlink_to("/etc")
    git(theirs, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(bare), "ml/users/sub.yaml")
    push(theirs)

    created = made(profiles, f"git+file://{bare}#subdirectory=ml")

    assert created.loaded
    named = [line.partition(":")[0] for line in created.warnings if ".yaml" in line.partition(":")[0]]
    assert set(named) >= {"users/broken.yaml", "users/marked.yaml", "users/link.yaml"}
    assert Key("user", "", "ada") in keys(profiles, created.profile)
    assert not any("root" in line for line in created.warnings)
    assert list((Path(created.profile.path) / "ml" / "users" / "sub.yaml").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("git+file://{folder}/nowhere.git", NotFound),
        (
            "git+file://{folder}/team.git@nowhere",
            InUse,
        ),  # a branch that begins here, where the profile stands elsewhere
        ("git+file://{folder}/team.git#subdirectory=../x", Unsafe),
        ("git+file://{folder}/team.git#subdirectory=README.md", StoreBroken),
        ("git+ssh://-oProxyCommand=touch/x", Unsafe),
    ],
)
def test_a_create_that_fails_leaves_nothing(
    profiles: Profiles, theirs: Path, tmp_path: Path, url: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        made(profiles, url.format(folder=tmp_path))
    assert profiles.names() == ["default"]
    clones = Path(profiles.folder) / "clones"
    assert not clones.exists() or list(clones.iterdir()) == []


def test_unpushed_commits_and_edits_stop_a_deletion(profiles: Profiles, theirs: Path, bare: Path) -> None:
    profile = made(profiles, f"git+file://{bare}#subdirectory=ml").profile
    clone = Path(profile.path)
    put(clone, "ml/users/bob.yaml", "name: bob\n")

    with pytest.raises(InUse, match="uncommitted edits"):
        removed(profiles)
    git(clone, "add", "--all")
    git(clone, "commit", "-q", "-m", "bob")
    with pytest.raises(InUse, match="1 unpushed commit"):
        removed(profiles)
    assert clone.exists()
    git(clone, "push", "-q")
    removed(profiles)
    assert not clone.exists()


def test_force_deletes_what_was_never_pushed(profiles: Profiles, bare: Path) -> None:
    profile = made(profiles, f"git+file://{bare}").profile
    put(Path(profile.path), "users/bob.yaml", "name: bob\n")

    with pytest.raises(InUse):
        removed(profiles)
    removed(profiles, force=True)
    assert not Path(profile.path).exists()


def test_a_profile_from_home_that_is_pushed_is_not_the_only_one(profiles: Profiles, bare: Path) -> None:
    profile = create(profiles, CreateOptions("home"), LONG).profile
    ours = find(Path(profile.store_url.removeprefix("file://")))
    assert ours is not None
    put(ours.top, "users/bob.yaml", "name: bob\n")
    git(ours.top, "add", "--all")
    git(ours.top, "commit", "-q", "-m", "bob")
    with pytest.raises(InUse, match="nowhere else"):
        removed(profiles, "home")

    up = remote.set_url(ours, str(bare))
    assert remote.push(ours, up, ours.head().oid, timeout=LONG).confirmed

    removed(profiles, "home")


def test_a_renamed_profile_keeps_its_clone_and_another_gets_its_own(
    profiles: Profiles, theirs: Path, bare: Path
) -> None:
    url = f"git+file://{bare}#subdirectory=ml"
    first = made(profiles, url).profile
    renamed = rename(profiles, "team", "first")
    second = made(profiles, url).profile

    assert renamed.path == first.path != second.path
    assert keys(profiles, renamed) == keys(profiles, second)
    removed(profiles)
    assert keys(profiles, renamed) == [Key("user", "", "ada")]


def test_a_clone_that_nobody_knows_any_more_is_not_taken_over(profiles: Profiles, theirs: Path, bare: Path) -> None:
    lost = Path(profiles.folder) / "clones" / "team"
    put(lost, "work.txt", "mine\n")

    profile = made(profiles, f"git+file://{bare}#subdirectory=ml").profile

    assert Path(profile.path).name == "team~2"
    removed(profiles)
    assert (lost / "work.txt").read_text() == "mine\n"


def test_what_a_killed_create_has_left_is_cloned_anew(profiles: Profiles, theirs: Path, bare: Path) -> None:
    url = f"git+file://{bare}#subdirectory=ml"
    left = Path(profiles.folder) / "clones" / "team"
    clone(url, left, timeout=LONG)

    profile = made(profiles, url).profile
    assert profile.path == str(left)
    assert keys(profiles, profile) == [Key("user", "", "ada")]

    with profiles.edit() as state:
        del state.profiles["team"]
    assert made(profiles, url).profile.path == f"{left}~2"


def test_a_clone_that_is_gone_is_said_to_be(profiles: Profiles, theirs: Path, bare: Path) -> None:
    profile = made(profiles, f"git+file://{bare}#subdirectory=ml").profile
    Path(profile.path).rename(Path(profiles.folder) / "moved")

    with pytest.raises(StoreBroken, match="does not exist"):
        open_profile(profiles, profile, LONG)
    removed(profiles)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "zenprofile", *words], capture_output=True, text=True, check=False)


def test_the_command_from_url_to_deletion(theirs: Path, bare: Path, tmp_path: Path) -> None:
    url = f"git+file://{bare}@main#subdirectory=ml"
    assert run("create", "team", "--url", url).returncode == 0

    shown: dict[str, Any] = json.loads(run("describe", "team", "-o", "json").stdout)
    assert shown["store_url"] == url
    assert Path(shown["path"]).is_dir()
    assert run("--profile", "team", "user", "create", "bob").returncode == 0
    assert git(Path(shown["path"]), "log", "--format=%s", "-1").endswith("bob")
    stopped = run("delete", "team")
    assert stopped.returncode == 1
    assert "1 unpushed commit" in stopped.stderr
    assert run("delete", "team", "--force").returncode == 0
    assert not Path(shown["path"]).exists()


def test_the_commands_exit_status_where_nobody_is_let_in(machine: Path) -> None:
    done = run("create", "team", "--url", "git+ssh://127.0.0.1:1/team.git", "--timeout", "5")

    assert done.returncode == AccessDenied.exit_status
    assert done.stderr.splitlines()[-1].startswith("Error: git+ssh://127.0.0.1:1/team.git could not be reached")
    assert not (machine / "zenprofile" / "clones" / "team").exists()

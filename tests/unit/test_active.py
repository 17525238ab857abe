"""Which profile is active: its precedence, and what a repository root says."""

import json
import os
from pathlib import Path

import pytest

from zenprofile.errors import Invalid, NotFound, StoreBroken
from zenprofile.machine.active import as_json, find_active, shown_url
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.machine.roots import find_marker, write_repository


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profiles:
    """A machine with the profiles default, one and two; the current folder is a/b below an empty one."""
    found = Profiles(str(tmp_path / "config"))
    with found.edit() as state:
        for name in ("default", "one", "two"):
            state.put(Profile(name, f"/stores/{name}", "local", active_stack=f"{name}-stack"))
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    return found


def test_the_global_one_where_nothing_else_is_said(here: Profiles) -> None:
    active = find_active(here)
    assert (active.name, active.scope, active.root, active.stack) == ("default", "global", "", "default-stack")
    assert active.existing().store_url == "/stores/default"


def test_option_before_variable_before_repository_before_global(
    here: Profiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_repository(Profiles(), str(tmp_path / "a"), "one", "special")
    active = find_active(here)
    assert (active.name, active.scope, active.root, active.stack) == ("one", "local", str(tmp_path / "a"), "special")

    monkeypatch.setenv("ZENPROFILE_ACTIVE_PROFILE", "two")
    active = find_active(here)
    assert (active.name, active.scope, active.root, active.stack) == ("two", "global", str(tmp_path / "a"), "two-stack")

    assert find_active(here, "default").name == "default"


@pytest.mark.parametrize("by", ["option", "variable", "repository", "global"])
def test_one_that_is_not_on_this_machine_is_named_with_its_source(
    here: Profiles, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "variable":
        monkeypatch.setenv("ZENPROFILE_ACTIVE_PROFILE", "gone")
    elif by == "repository":
        write_repository(Profiles(), str(Path.cwd()), "gone", "default")
    elif by == "global":
        with here.edit() as state:
            state.active = "gone"
    active = find_active(here, "gone" if by == "option" else "")
    assert active.profile is None
    source = {"option": "--profile", "variable": "ZENPROFILE_ACTIVE_PROFILE", "repository": ".zenprofile.json"}
    with pytest.raises(NotFound, match=source.get(by, r"profiles\.json")):
        active.existing()


def test_a_root_without_a_profile_leaves_the_global_one(here: Profiles) -> None:
    Path(".zenprofile.json").write_text("{}")
    active = find_active(here)
    assert (active.name, active.scope, active.root) == ("default", "global", str(Path.cwd()))


@pytest.mark.parametrize(
    ("text", "profile", "stack"),
    [
        ("active_profile_name: one\nactive_stack_name: prod\n", "one", "prod"),
        ("active_profile_name: 'one'  # ours\nactive_stack_name: null\n", "one", ""),
        ('active_profile_name: "one"\r\nother: [x]\r\n', "one", ""),
        ("active_stack_name: ~\n", "", ""),
        ("", "", ""),
    ],
)
def test_the_file_of_zenml_0_13(here: Profiles, text: str, profile: str, stack: str) -> None:
    Path(".zen").mkdir()
    Path(".zen/config.yaml").write_text(text)
    found = find_marker()
    assert found is not None
    assert (found.root, found.profile, found.stack) == (str(Path.cwd()), profile, stack)


def test_the_file_of_zenml_counts_only_where_there_is_none_of_ours(here: Profiles, tmp_path: Path) -> None:
    Path(".zen").mkdir()
    Path(".zen/config.yaml").write_text("active_profile_name: one\n")
    assert find_active(here).name == "one"
    write_repository(Profiles(), str(tmp_path), "two", "default")
    assert find_active(here).name == "two"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"{", 1),
        (b'{\n "profile": x}', 2),
        (b"[]", 1),
        (b"\xff", 0),
        (b"[" * 60_000, 1),
        (b'{"profile": "a b"}', 0),
        (b'{"profile": 1}', 0),
        (b'{"stack": "../x"}', 0),
    ],
)
def test_a_file_that_does_not_hold_is_said_with_its_place(here: Profiles, raw: bytes, line: int) -> None:
    Path(".zenprofile.json").write_bytes(raw)
    with pytest.raises(Invalid) as caught:
        find_active(here)
    assert caught.value.file == str(Path.cwd() / ".zenprofile.json")
    assert caught.value.line == line
    assert find_active(here, "one").root == str(Path.cwd())


def test_a_file_that_is_none_is_passed_over(here: Profiles) -> None:
    os.mkfifo(".zenprofile.json")
    assert find_marker() is None


def test_a_file_without_permission_is_said(here: Profiles, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".zenprofile.json").write_text("{}")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StoreBroken, match="no permission"):
        find_marker()


def test_a_current_folder_that_is_gone_has_no_root(here: Profiles) -> None:
    Path.cwd().rmdir()
    assert find_marker() is None


def test_what_is_written_is_fit_to_be_committed(here: Profiles, tmp_path: Path) -> None:
    Path(".zenprofile.json").write_text('{"note": "ours", "profile": "two"}')
    file = write_repository(Profiles(), str(Path.cwd()), "one", "prod")
    assert json.loads(Path(file).read_text()) == {"note": "ours", "profile": "one", "stack": "prod"}
    assert str(tmp_path) not in Path(file).read_text()


def test_a_damaged_file_is_not_written_over(here: Profiles) -> None:
    Path(".zenprofile.json").write_text("{")
    with pytest.raises(Invalid):
        write_repository(Profiles(), str(Path.cwd()), "one", "prod")
    assert Path(".zenprofile.json").read_text() == "{"


def test_the_shape_of_a_profile(here: Profiles) -> None:
    write_repository(Profiles(), str(Path.cwd()), "one", "special")
    active = find_active(here)
    assert as_json(here.find("one"), active) == {
        "name": "one",
        "store_url": "/stores/one",
        "store_type": "local",
        "active_stack": "special",
        "active_user": "default",
        "active": True,
        "scope": "local",
    }
    other = as_json(here.find("two")._replace(path="/clones/two"), active)
    assert (other["active"], other["scope"], other["active_stack"]) == (False, None, "two-stack")
    assert other["path"] == "/clones/two"


def test_a_password_is_never_in_a_url() -> None:
    profile = Profile("p", "mysql://zenml@host/db", "sql", password=True)
    assert shown_url(profile) == "mysql://zenml:***@host/db"
    assert shown_url(profile._replace(password=False)) == "mysql://zenml@host/db"

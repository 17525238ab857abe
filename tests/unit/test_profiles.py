"""This machine's list of profiles: read, replaced whole, never lost."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import names
from zenprofile.errors import Locked, NewerFormat, NotFound, StoreBroken
from zenprofile.machine.profiles import Profile, Profiles, ProfilesFile, config_folder, is_ours

TEAM = Profile(
    "team",
    "mysql://zenml@10.11.12.13/zenml",
    "sql",
    active_stack="prod",
    active_user="ada",
    overrides={"component/artifact_store/s3": {"configuration.path": "/mnt"}},
    sync="manual",
    run_hooks=True,
    password=True,
    made=("clones/team",),
)


@pytest.fixture
def here(tmp_path: Path) -> Profiles:
    return Profiles(str(tmp_path / "config"))


def put(here: Profiles, *found: Profile) -> None:
    with here.edit() as state:
        for profile in found:
            state.put(profile)


def write(here: Profiles, content: object) -> bytes:
    Path(here.folder).mkdir(exist_ok=True)
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    Path(here.file).write_bytes(raw)
    return raw


def test_what_is_put_is_found_in_another_process(here: Profiles) -> None:
    put(here, TEAM, Profile("plain", "/tmp/plain", "local"))
    assert Profiles(here.folder).find("team") == TEAM
    assert Profiles(here.folder).names() == ["plain", "team"]


TEXT = st.text(alphabet=st.characters(codec=None), max_size=20)
PROFILES = st.builds(
    Profile,
    st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,20}[a-z0-9]\Z").filter(lambda name: not names.why_not(name)),
    TEXT.filter(bool),
    TEXT.filter(bool),
    active_stack=TEXT,
    active_user=TEXT,
    overrides=st.dictionaries(TEXT, st.dictionaries(TEXT, st.none() | st.integers() | TEXT)),
    sync=TEXT,
    run_hooks=st.booleans(),
    path=TEXT,
    watch=st.dictionaries(TEXT, st.one_of(TEXT, st.floats(0, 9))),
    password=st.booleans(),
    made=st.lists(st.just("profiles/x"), max_size=2).map(tuple),
    checkout=st.just(""),
    unknown=st.dictionaries(st.just("colour"), TEXT),
    problem=st.just(""),
)


@given(st.lists(PROFILES, max_size=3))
def test_what_is_written_is_what_is_read(found: list[Profile]) -> None:
    state = ProfilesFile()
    for profile in found:
        state.put(profile)
    text = json.dumps(state.as_json(), ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert ProfilesFile(json.loads(text)).profiles == state.profiles


def test_a_fresh_machine_has_none(here: Profiles) -> None:
    assert not here.exist()
    assert here.names() == []
    assert not Path(here.folder).exists()
    with pytest.raises(NotFound):
        here.find("team")


def test_a_field_that_is_changed_leaves_the_others(here: Profiles) -> None:
    put(here, TEAM)
    assert here.change("team", sync="push") == TEAM._replace(sync="push")
    assert here.find("team") == TEAM._replace(sync="push")


def test_what_a_newer_version_wrote_beside_ours_is_kept(here: Profiles) -> None:
    entry = {"store_url": "/x", "store_type": "local", "colour": "red"}
    write(here, {"format": 1, "active": "x", "profiles": {"x": entry}, "theme": {"dark": True}})
    here.change("x", sync="manual")
    found = json.loads(Path(here.file).read_text())
    assert found["theme"] == {"dark": True}
    assert found["profiles"]["x"]["colour"] == "red"


def test_nothing_changed_is_not_written(here: Profiles) -> None:
    put(here, TEAM)
    before = Path(here.file).stat()
    put(here, TEAM)
    assert Path(here.file).stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"\xff", b'{"format": true}', b'{"format": "1"}', b"{}", b"[" * 100_000, b'"x"'],
    ids=lambda raw: repr(raw[:16]),
)
def test_a_damaged_file_is_said_and_left_alone(here: Profiles, raw: bytes) -> None:
    write(here, raw)
    for use in (here.names, here.exist, lambda: here.find("x"), lambda: put(here, TEAM)):
        with pytest.raises(StoreBroken, match="damaged") as caught:
            use()
        assert caught.value.file == here.file
    assert Path(here.file).read_bytes() == raw


@pytest.mark.parametrize("part", [{"active": 1}, {"profiles": []}, {"trash": {}}])
def test_a_part_of_a_wrong_type_is_damage(here: Profiles, part: dict[str, Any]) -> None:
    raw = write(here, {"format": 1, "profiles": {}, **part})
    with pytest.raises(StoreBroken, match=f"its {next(iter(part))} is invalid"):
        put(here, TEAM)
    assert Path(here.file).read_bytes() == raw


def test_a_newer_format_is_refused(here: Profiles) -> None:
    raw = write(here, {"format": 2, "profiles": {}})
    with pytest.raises(NewerFormat) as caught:
        put(here, TEAM)
    assert caught.value.hint == "upgrade zenprofile"
    assert Path(here.file).read_bytes() == raw


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"store_url": 1, "store_type": "local"},
        {"store_url": "/x"},
        {"store_url": "/x", "store_type": "local", "overrides": {"a": 1}},
        {"store_url": "/x", "store_type": "local", "run_hooks": "yes"},
        {"store_url": "/x", "store_type": "local", "made": ["/etc"]},
        {"store_url": "/x", "store_type": "local", "made": ["profiles/../../x"]},
        {"store_url": "/x", "store_type": "local", "made": [1]},
    ],
)
def test_an_entry_that_does_not_hold_blocks_no_other(here: Profiles, entry: object) -> None:
    write(
        here,
        {"format": 1, "active": "good", "profiles": {"bad": entry, "good": {"store_url": "/g", "store_type": "local"}}},
    )
    assert here.find("good").store_url == "/g"
    assert here.names() == ["bad", "good"]
    with pytest.raises(StoreBroken, match="'bad' is invalid"):
        here.find("bad")
    with pytest.raises(StoreBroken):
        here.change("bad", sync="manual")


def test_an_entry_that_does_not_hold_is_written_back_as_it_was(here: Profiles) -> None:
    entry = {"store_url": 1, "note": "keep"}
    write(here, {"format": 1, "profiles": {"bad": entry}})
    put(here, TEAM)
    assert json.loads(Path(here.file).read_text())["profiles"]["bad"] == entry


def test_a_name_from_the_file_obeys_the_rule(here: Profiles) -> None:
    write(here, {"format": 1, "profiles": {"../x": {"store_url": "/x", "store_type": "local"}}})
    assert here.state().profiles["../x"].problem


def test_an_exception_in_an_edit_writes_nothing(here: Profiles) -> None:
    put(here, TEAM)
    before = Path(here.file).read_bytes()

    def fail() -> None:
        with here.edit() as state:
            state.profiles.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Path(here.file).read_bytes() == before


def test_a_failed_write_leaves_the_old_file_and_no_draft(here: Profiles, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here, TEAM)
    before = Path(here.file).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zenprofile.machine.profiles.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(here, Profile("other", "/o", "local"))
    assert Path(here.file).read_bytes() == before
    assert sorted(path.name for path in Path(here.folder).iterdir()) == ["profiles.json", "profiles.lock"]


def test_a_link_stays_a_link(here: Profiles, tmp_path: Path) -> None:
    put(here, TEAM)
    real = tmp_path / "dotfiles.json"
    Path(here.file).rename(real)
    Path(here.file).symlink_to(real)
    put(here, Profile("other", "/o", "local"))
    assert Path(here.file).is_symlink()
    assert "other" in json.loads(real.read_text())["profiles"]


def test_the_file_is_the_users_alone(here: Profiles) -> None:
    put(here, TEAM)
    assert stat.S_IMODE(Path(here.file).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(here.folder).stat().st_mode) == 0o700


def test_processes_at_once_lose_nothing(here: Profiles) -> None:
    code = (
        "import sys; from zenprofile.machine.profiles import *\n"
        "for n in range(5):\n"
        "    with Profiles(sys.argv[1]).edit() as state: state.put(Profile(f'{sys.argv[2]}-{n}', '/x', 'local'))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, here.folder, f"p{k}"]) for k in range(6)]
    assert [process.wait() for process in started] == [0] * 6
    assert len(here.names()) == 30


def test_a_lock_that_is_held_too_long_is_said(here: Profiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zenprofile.fs.lock.WAIT", 0.0)
    with here.edit(), pytest.raises(Locked, match=r"profiles\.lock"):
        put(Profiles(here.folder), TEAM)


def test_a_configuration_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreBroken, match="cannot be made") as caught, Profiles(str(folder)).edit():
            pass
        assert "ZENPROFILE_CONFIG_DIR" in caught.value.hint


def test_names_are_taken_without_regard_to_case() -> None:
    state = ProfilesFile()
    state.put(TEAM)
    assert state.clashing_name("TEAM") == "team"
    assert state.clashing_name("tea") == ""


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"ZENPROFILE_CONFIG_DIR": "/c"}, "/c"),
        ({"XDG_CONFIG_HOME": "/x"}, "/x/zenprofile"),
        ({"XDG_CONFIG_HOME": "relative"}, "/h/.config/zenprofile"),
        ({}, "/h/.config/zenprofile"),
    ],
)
def test_the_configuration_folder(variables: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZENPROFILE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/h", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("zenprofile.machine.profiles.sys.platform", "linux")
    assert config_folder() == folder


def test_the_configuration_folder_of_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZENPROFILE_CONFIG_DIR")
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setattr("zenprofile.machine.profiles.sys.platform", "darwin")
    assert config_folder() == "/h/Library/Application Support/zenprofile"


@pytest.mark.parametrize(
    ("path", "ours"), [("profiles/x", True), ("", False), ("/x", False), ("a/../../b", False), (1, False)]
)
def test_what_may_be_removed_lies_below_the_configuration_folder(path: object, ours: bool) -> None:
    assert is_ours(path) is ours

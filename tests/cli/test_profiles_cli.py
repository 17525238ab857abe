"""Profile commands, end to end in one process: what they print, what they leave on the disk."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from machines import Done

from zenprofile.cli.main import main
from zenprofile.machine import passwords
from zenprofile.machine.profiles import Profile, Profiles, config_folder
from zenprofile.store.base import Options
from zenprofile.usecases import profiles as usecase

Run = Callable[..., Done]
SECRET = "hunter2-canary"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def call(*arguments: str) -> Done:
        status = main(list(arguments))
        return Done(status, *capsys.readouterr())

    return call


def works(done: Done) -> Done:
    assert done.status == 0, done.err
    return done


def config() -> Path:
    return Path(config_folder())


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def add_user(name: str, user: str) -> None:
    """Add an entity to a profile's store."""
    from zenprofile.core.change import Change, Edit
    from zenprofile.core.entity import Key

    profiles = Profiles()
    store = usecase.open_profile(profiles, profiles.find(name), 30)
    store.apply(Change((Edit(Key("user", "", user), None, f"name: {user}\n"),)))
    store.close()


def test_the_first_command_makes_a_default_profile(run: Run) -> None:
    assert works(run("get")) == (0, "default\n", "")
    assert works(run("list", "-o", "json")).json == [
        {
            "name": "default",
            "store_url": f"file://{config()}/profiles/default",
            "store_type": "local",
            "active_stack": "default",
            "active_user": "default",
            "active": True,
            "scope": "global",
        }
    ]
    assert (config() / "profiles/default/zenprofile.yaml").read_text() == "format: 1\n"


def test_version_and_help_make_nothing(run: Run) -> None:
    works(run("--version"))
    works(run("--help"))
    works(run("create", "--help"))
    assert not config().exists()


def test_create_says_what_it_registers(run: Run) -> None:
    done = works(run("create", "team", "--url", "./store"))
    assert done.out.splitlines() == [
        "Initializing profile team...",
        "Registering default stack...",
        "Registered stack component with type 'orchestrator' and name 'default'.",
        "Registered stack component with type 'metadata_store' and name 'default'.",
        "Registered stack component with type 'artifact_store' and name 'default'.",
        "Registered stack with name 'default'.",
        "Profile 'team' successfully created.",
    ]
    assert done.err.splitlines() == [
        "Running without an active repository root.",
        "Running with active profile: 'default' (global)",
    ]
    assert Profiles().find("team").store_url == str(Path.cwd() / "store")


def test_create_loads_what_is_there_and_changes_no_byte(run: Run) -> None:
    works(run("create", "one", "-u", "store"))
    before = files(Path("store"))
    done = works(run("create", "two", "--url=./store"))
    assert done.out == "Initializing profile two...\nProfile 'two' successfully created.\n"
    assert files(Path("store")) == before


def test_a_commit_without_gits_own_identity_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    works(run("get"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert "Warning: git knows no name and e-mail of yours" in works(run("create", "p")).err
    done = works(run("user", "create", "ada", "--profile", "p"))
    assert "Warning: git knows no name and e-mail of yours" in done.err


def test_two_empty_places_get_the_same_bytes(run: Run) -> None:
    for name in ("one", "two"):
        works(run("create", name, "-u", name))
    documents = [{k: v for k, v in files(Path(name)).items() if not k.startswith(".git/")} for name in ("one", "two")]
    assert documents[0] == documents[1]


@pytest.mark.parametrize("arguments", [["-t", "sql"], ["--store-type", "sql", "--url", "sqlite:///x.db"]], ids=" ".join)
def test_create_in_sqlite(run: Run, arguments: list[str]) -> None:
    done = works(run("create", *arguments, "p"))
    assert done.out.splitlines() == [
        "Initializing profile p...",
        "Registering default stack...",
        "Registered stack with name 'default'.",
        "Profile 'p' successfully created.",
    ]
    url = Profiles().find("p").store_url
    assert url in {f"sqlite:///{config()}/profiles/p/zenprofile.db", f"sqlite:///{Path.cwd()}/x.db"}
    assert works(run("describe", "p")).out.count("default") == 2


def test_create_in_json_is_the_profile(run: Run) -> None:
    done = works(run("create", "p", "-t", "sql", "-o", "json"))
    assert (done.json["name"], done.json["active"], done.json["scope"]) == ("p", False, None)
    assert done.err == ""


def test_create_with_a_user_of_its_own(run: Run) -> None:
    works(run("create", "p", "-t", "sql", "--user", "ada"))
    assert works(run("describe", "p", "-o", "json")).json["active_user"] == "ada"
    assert works(run("describe", "p")).err.count("Warning") == 0


def test_create_with_a_user_that_the_store_lacks_says_so(run: Run) -> None:
    works(run("create", "p", "-u", "store"))
    done = works(run("create", "q", "-u", "store", "--user", "ada"))
    assert "the active user 'ada' does not exist: 'zenprofile user create ada' makes it" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["a b"], 1, "is no name of a profile"),
        (["p", "--user", "a/b"], 1, "is no name of a user"),
        (["DEFAULT"], 1, "there is a profile 'default' already"),
        (["p", "-t", "sql", "-u", "./x"], 2, "is one of a 'local' store, not of 'sql'"),
        (["p", "-t", "rest"], 2, "needs a URL"),
        (["p", "-u", "ftp://host/x"], 2, "no store has URLs that start with 'ftp:'"),
        (["p", "-u", "sqlite:///missing/x.db"], 1, "missing does not exist"),
        (["p", "-u", "file/below"], 1, "file"),
        (["p", "-u", "ext::sh -c touch%20x"], 1, "helper program"),
        (["p", "-u", "https://u:hunter2-canary@host"], 1, "holds a user or password"),
        (["p", "-u", "mysql://zenml:hunter2-canary@127.0.0.1:1/zenml", "--timeout", "5"], 4, "127.0.0.1:1"),
    ],
)
def test_a_create_that_fails_leaves_no_profile(run: Run, arguments: list[str], status: int, said: str) -> None:
    works(run("get"))
    Path("file").touch()
    before = files(Path.cwd()), sorted(config().rglob("*"))
    done = run("create", *arguments)
    assert done.status == status
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert said in done.err
    assert SECRET not in done.out + done.err
    assert works(run("list", "-o", "json")).json[0]["name"] == "default"
    assert len(Profiles().names()) == 1
    assert files(Path.cwd()) == before[0]
    assert [p for p in sorted(config().rglob("*")) if p.name != "profiles.lock"] == [
        p for p in before[1] if p.name != "profiles.lock"
    ]


def test_a_create_that_is_interrupted_leaves_no_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    works(run("get"))

    def interrupted(*_: object) -> None:
        (config() / "profiles/p").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr("zenprofile.store.registry.create_store", interrupted)
    assert run("create", "p").status == 130
    assert not (config() / "profiles/p").exists()
    assert Profiles().names() == ["default"]


@pytest.mark.parametrize("step", ["write", "apply", "update_ref", "archive"])
@pytest.mark.parametrize("url", ["", "store"])
def test_a_create_that_is_killed_is_done_again(run: Run, step: str, url: str) -> None:
    works(run("get"))
    arguments = ["create", "p", *(["--url", url] if url else [])]
    code = (
        f"import os, sys; from zenprofile.drivers.local import journal; journal.{step} = lambda *_, **__: os._exit(9)\n"
        "from zenprofile.cli.main import main; main(sys.argv[1:])"
    )
    assert subprocess.run([sys.executable, "-c", code, *arguments], check=False).returncode == 9
    assert Profiles().names() == ["default"]
    assert works(run(*arguments)).out.endswith("Profile 'p' successfully created.\n")
    done = works(run("describe", "p"))
    assert "Warning" not in done.err


def test_a_password_goes_to_the_keyring_and_nowhere_else(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}
    seen: list[str] = []

    def made(_: object, profile: Profile, options: Options, *__: object) -> usecase.Created:
        seen.append(options.password)
        return usecase.Created(profile, False, ())

    monkeypatch.setattr(usecase, "_make", made)  # no database here: what reaches it is looked at
    monkeypatch.setattr(passwords, "save", lambda name, _, secret: kept.update({name: secret}) or True)
    monkeypatch.setattr(passwords, "load", lambda name, _: kept.get(name, ""))
    monkeypatch.setattr(passwords, "delete", lambda name, _: kept.pop(name))
    works(run("get"))
    done = works(run("create", "p", "-u", f"mysql://zenml:{SECRET}@host/db", "-o", "json"))
    assert done.json["store_url"] == "mysql://zenml:***@host/db"
    assert kept == {"p": SECRET}
    assert seen == ["", SECRET]
    assert "zenml:***@host" in works(run("list")).out
    assert all(SECRET.encode() not in content for content in files(config()).values())
    works(run("rename", "p", "q"))
    assert kept == {"q": SECRET}
    works(run("delete", "q"))
    assert kept == {}


def test_without_a_keyring_the_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usecase, "_make", lambda _, profile, *__: usecase.Created(profile, False, ()))
    done = works(run("create", "my-db", "-u", f"postgresql://zenml:{SECRET}@host/db"))
    assert "set ZENPROFILE_STORE_PASSWORD_MY_DB (or ZENPROFILE_STORE_PASSWORD)" in done.err
    assert SECRET not in done.out + done.err
    monkeypatch.setenv("ZENPROFILE_STORE_PASSWORD_MY_DB", SECRET)
    profiles = Profiles()
    assert usecase.options_of(profiles, profiles.find("my-db"), 30).password == SECRET


def test_set_and_get(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    done = works(run("set", "p"))
    assert done.out == "Active profile changed to: 'p'\n"
    assert works(run("get")).out == "p\n"
    assert run("set", "nope").status == 1


def test_set_inside_a_repository_is_local(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    works(run("init"))
    assert json.loads(Path(".zenprofile.json").read_text()) == {"profile": "default", "stack": "default"}
    done = works(run("set", "p"))
    assert done.err == "Running with active profile: 'default' (local)\n"
    assert works(run("get", "-o", "json")).json == {"name": "p", "scope": "local"}
    assert Profiles().state().active == "default"

    Path("below").mkdir()
    os.chdir("below")
    assert works(run("get")).out == "p\n"
    assert works(run("set", "p", "-g")).err.splitlines() == ["Running with active profile: 'p' (local)"]
    done = works(run("set", "default", "--global"))
    assert "names another profile, and it wins below its folder" in done.err
    assert works(run("get")).out == "p\n"


def test_a_variable_that_wins_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    works(run("create", "p", "-t", "sql"))
    monkeypatch.setenv("ZENPROFILE_ACTIVE_PROFILE", "default")
    assert "ZENPROFILE_ACTIVE_PROFILE names 'default', and it wins" in works(run("set", "p")).err


def test_a_repository_whose_profile_is_not_here(run: Run) -> None:
    works(run("get"))
    Path(".zenprofile.json").write_text('{"profile": "team"}')
    assert run("get").status == 1
    done = run("config")
    assert done.status == 1
    assert done.err.startswith("Error: the profile 'team', which ")
    assert "zenprofile create team --url URL" in done.err
    assert "Warning: the profile 'team' is not on this machine" in works(run("list")).err
    works(run("create", "team", "-t", "sql"))
    assert works(run("get")).out == "team\n"


def test_describe_says_what_is_gone(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    Profiles().change("p", active_stack="old", active_user="left")
    done = works(run("describe", "p"))
    assert "the active stack 'old' does not exist: 'zenprofile stack set NAME' names another" in done.err
    assert "the active user 'left' does not exist" in done.err


def test_list_says_what_is_gone_from_a_local_store(run: Run) -> None:
    works(run("create", "p"))
    assert "Warning" not in works(run("list")).err
    Profiles().change("p", active_stack="old")
    assert "Warning: profile 'p': the active stack 'old' does not exist" in works(run("list")).err
    assert works(run("list", "-o", "json")).err == ""


def test_a_broken_profile_blocks_no_other(run: Run) -> None:
    works(run("create", "broken", "-u", "store"))
    works(run("create", "good", "-t", "sql"))
    subprocess.run(["rm", "-r", "store"], check=True)
    done = run("describe", "broken")
    assert done.status == 1
    assert "STORE_URL" in done.out
    assert done.err.splitlines()[-1].startswith("Error: ")
    works(run("describe", "good"))
    assert "broken" in works(run("list")).out
    works(run("set", "broken"))
    works(run("list"))
    works(run("set", "good"))
    works(run("delete", "broken"))


def test_an_entry_that_does_not_hold_can_be_deleted(run: Run) -> None:
    works(run("get"))
    data = json.loads(Path(Profiles().file).read_text())
    data["profiles"]["odd"] = 5
    Path(Profiles().file).write_text(json.dumps(data))
    done = works(run("list"))
    assert "Warning: the profile 'odd' is invalid: its entry is not an object" in done.err
    assert run("describe", "odd").status == 1
    works(run("delete", "odd"))
    assert Profiles().names() == ["default"]


@pytest.mark.parametrize("arguments", [[], ["-t", "sql"]], ids=["local", "sql"])
def test_delete_removes_what_was_made_for_it(run: Run, arguments: list[str]) -> None:
    works(run("create", "p", *arguments))
    assert (config() / "profiles/p").is_dir()
    assert works(run("delete", "p")).out == "Profile 'p' deleted.\n"
    assert sorted(path.name for path in (config() / "profiles").iterdir()) == ["default"]
    works(run("create", "p", *arguments))


@pytest.mark.parametrize("url", ["store", "sqlite:///x.db"])
def test_delete_leaves_what_the_user_named(run: Run, url: str) -> None:
    works(run("create", "p", "--url", url))
    add_user("p", "ada")
    before = files(Path.cwd())
    works(run("delete", "p"))
    assert files(Path.cwd()) == before
    works(run("create", "p", "--url", url))


@pytest.mark.parametrize("arguments", [[], ["-t", "sql"]], ids=["local", "sql"])
def test_delete_stops_before_entities_that_exist_nowhere_else(run: Run, arguments: list[str]) -> None:
    works(run("create", "p", *arguments))
    add_user("p", "ada")
    done = run("delete", "p")
    assert done.status == 1
    assert "exist nowhere else" in done.err
    assert "--force" in done.err
    assert (config() / "profiles/p").is_dir()
    works(run("delete", "p", "--force"))
    assert not (config() / "profiles/p").exists()


def test_delete_stops_before_edits_by_hand(run: Run) -> None:
    works(run("create", "p"))
    (config() / "profiles/p/stacks/default.yaml").write_text("not: a stack\n")
    assert run("delete", "p").status == 1
    assert "p" in Profiles().names()
    works(run("delete", "p", "--force"))


def test_delete_stops_before_what_it_cannot_look_at(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    (config() / "profiles/p/zenprofile.db").write_bytes(b"no database" * 100)
    done = run("delete", "p")
    assert done.status == 1
    assert "cannot be looked at" in done.err
    works(run("delete", "p", "--force"))


def test_a_profile_whose_own_folder_is_gone_is_deleted(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    subprocess.run(["rm", "-r", config() / "profiles/p"], check=True)
    works(run("delete", "p"))


def test_the_active_profile_is_deleted_only_by_force(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    works(run("set", "p"))
    assert "is the active one" in run("delete", "p").err
    works(run("delete", "p", "--force"))
    assert works(run("get")).out == "default\n"
    works(run("delete", "default", "--force"))
    assert works(run("get")).out == "default\n"


def test_a_link_in_what_was_made_is_not_followed(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    Path("precious").mkdir()
    Path("precious/file").touch()
    (config() / "profiles/p/link").symlink_to(Path("precious").absolute())
    works(run("delete", "p", "--force"))
    assert Path("precious/file").exists()


def test_rename(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    works(run("set", "p"))
    add_user("p", "ada")
    assert works(run("rename", "p", "q")).out == "Profile 'p' renamed to 'q'.\n"
    assert works(run("get")).out == "q\n"
    works(run("describe", "q"))
    works(run("rename", "q", "Q"))
    for old, new in [("nope", "x"), ("Q", "default"), ("Q", "a b")]:
        assert run("rename", old, new).status == 1
    # The old name's folder is the renamed profile's: a new profile of that name takes another.
    works(run("create", "p", "-t", "sql"))
    assert Profiles().find("p").made == ("profiles/p~2",)
    works(run("delete", "p"))
    works(run("describe", "Q"))


def test_rename_of_what_a_repository_names(run: Run) -> None:
    works(run("create", "p", "-t", "sql"))
    works(run("init", "--profile", "p"))
    assert "still names 'p': 'zenprofile set q' changes it" in works(run("rename", "p", "q")).err


def test_config(run: Run) -> None:
    works(run("get"))
    assert works(run("config", "-o", "json")).json == {
        "name": "default",
        "sync": "default",
        "run_hooks": False,
        "message": "",
        "watch": {},
    }
    for mode in ("manual", "commit", "push"):
        assert works(run("config", "sync", mode, "-o", "json")).json["sync"] == mode
    assert works(run("config", "run-hooks", "on", "-o", "json")).json["run_hooks"] is True
    options = usecase.options_of(Profiles(), Profiles().find("default"), 30)
    assert (options.mode, options.run_hooks) == ("commit", True)
    assert run("config", "sync", "always").status == 2
    assert "RUN_HOOKS" in works(run("config")).out


def test_nothing_shown_steers_the_terminal(run: Run) -> None:
    works(run("get"))
    Profiles().change("default", active_stack="a\x1b[31m\u202e")
    for arguments in (["list"], ["describe"], ["list", "-o", "json"], ["list", "-o", "yaml"], ["describe", "x\x1b]0;"]):
        done = run(*arguments)
        assert not {"\x1b", "\u202e"} & {*done.out, *done.err}


def test_a_damaged_list_of_profiles_is_said_by_every_command(run: Run) -> None:
    config().mkdir()
    Path(Profiles().file).write_text('{"format": 1,')
    for arguments in (["get"], ["list"], ["create", "x"], ["set", "x"], ["delete", "x"], ["describe"], ["init"]):
        done = run(*arguments)
        assert done.status == 1
        assert done.err.startswith(f"Error: {Profiles().file}: the list of profiles is damaged")
    assert Path(Profiles().file).read_text() == '{"format": 1,'


def test_a_profile_of_our_own_has_a_repository_of_its_own_in_a_home_under_git(run: Run, machine: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=machine, check=True)

    assert run("create", "mine").status == 0

    folder = machine / "zenprofile" / "profiles" / "mine"
    words = ["git", "rev-parse", "--show-toplevel"]
    assert subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout.strip() == str(folder)


def test_a_template_words_commits(run: Run) -> None:
    assert run("config", "message", "no place").status == 2
    assert run("config", "message", "[ml] {changes}").status == 0
    assert run("user", "create", "eve").status == 0

    assert "[ml] add user eve" in run("log").out


def test_a_root_file_that_does_not_hold_blocks_no_profile(run: Run, tmp_path: Path) -> None:
    works(run("create", "one", "-t", "sql"))
    root = tmp_path / "work" / ".zenprofile.json"
    root.write_text("{oops\n")

    for words in (["list"], ["set", "one", "--global"], ["describe", "one"], ["create", "two", "-t", "sql"]):
        assert ".zenprofile.json:1:2" in works(run(*words)).err
    assert run("get").status == 1
    works(run("init"))

    assert json.loads(root.read_text()) == {"profile": "one", "stack": "default"}
    assert works(run("get")).out == "one\n"


def test_the_root_of_the_file_system_is_no_profile(run: Run) -> None:
    assert "no place for a profile" in run("create", "all", "--url", "/").err
    assert not Path("/zenprofile.yaml").exists()

"""URLs: which driver, how they are stored, how they are shown, and which are refused."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core.entity import DEFAULTS
from zenprofile.drivers import memory
from zenprofile.errors import StoreBroken, Unsafe, Unsupported, UsageError, ZenprofileError
from zenprofile.store.base import Options
from zenprofile.store.registry import (
    create_store,
    default_change,
    driver_of,
    is_untried,
    kind_of,
    normal_url,
    open_store,
)
from zenprofile.store.url import check, is_clone_url, path_of, scheme_of, split_password, without_secrets

KINDS = {
    "": "local",
    "store": "local",
    "./a:b": "local",
    "/srv/store": "local",
    "~/store": "local",
    "C++ project/store": "local",
    "file:///srv/store": "local",
    "FILE:///srv/store": "local",
    "file://localhost/srv/store": "local",
    "git+https://host/org/repo": "local",
    "git+https://host/org/repo.git@main#subdirectory=profiles/a": "local",
    "git+ssh://git@host/org/repo": "local",
    "git+file:///srv/repo.git": "local",
    "git+http://127.0.0.1:8080/repo": "local",
    "ssh://git@host:22/org/repo": "local",
    "git@host:org/repo": "local",
    "git@host:org/repo.git@branch#subdirectory=a": "local",
    "https://host/org/repo.git": "local",
    "https://host/org/repo.git@feature/x": "local",
    "https://host:8443/repo.git@main#subdirectory=a": "local",
    "HTTPS://host/org/repo.git": "local",
    "sqlite:///x.db": "sql",
    "sqlite:////srv/x.db": "sql",
    "sqlite+pysqlite:////srv/x.db": "sql",
    "SQLite:////srv/x.db": "sql",
    "mysql://user:password@host/db": "sql",
    "mysql+pymysql://user@host:3306/db?charset=utf8mb4": "sql",
    "mariadb+mariadbconnector://host/db": "sql",
    "postgresql://host/db": "sql",
    "postgresql+psycopg://host/db?sslmode=require": "sql",
    "postgresql:///db?host=/run/postgresql": "sql",
    "oracle+oracledb://host/db": "sql",
    "mssql+pyodbc://host/db?driver=ODBC": "sql",
    "http://localhost:8237": "rest",
    "https://host": "rest",
    "https://host/zenprofile/": "rest",
    "https://host/repo.github": "rest",
    "memory:x": "memory",
}


@pytest.mark.parametrize(("url", "kind"), KINDS.items())
def test_the_url_says_which_driver(url: str, kind: str) -> None:
    assert kind_of(url) == kind
    assert kind_of(url, kind) == kind


@pytest.mark.parametrize(("url", "kind"), [(url, kind) for url, kind in KINDS.items() if url])
def test_a_type_that_disagrees_is_wrong_usage(url: str, kind: str) -> None:
    for other in {"local", "sql", "rest"} - {kind}:
        with pytest.raises(UsageError):
            normal_url(url, other, "/")


def test_a_type_without_a_url() -> None:
    assert normal_url("", "", "/here") == normal_url("", "local", "/here") == normal_url("", "sql", "/here") == ""
    with pytest.raises(UsageError, match="needs a URL"):
        normal_url("", "rest", "/here")
    with pytest.raises(UsageError):
        normal_url("", "postgres", "/here")


CLONES = [url for url in KINDS if url.startswith(("git", "ssh:")) or (".git" in url and "github" not in url)]


@pytest.mark.parametrize("url", KINDS)
def test_what_has_to_be_cloned(url: str) -> None:
    assert is_clone_url(url) == (url in CLONES)


@pytest.mark.parametrize("url", CLONES)
def test_a_store_that_is_cloned_is_opened_only_where_its_clone_is(url: str) -> None:
    assert driver_of(url).name == "local"
    with pytest.raises(StoreBroken) as caught:
        open_store(url, Options())
    assert "create it again" in caught.value.hint


STORED = {
    "store": "/here/store",
    "./store/": "/here/store",
    ".": "/here",
    "../store": "/store",
    "/srv/store": "/srv/store",
    "~/store": "/here/~/store",
    "./a:b": "/here/a:b",
    "a b": "/here/a b",
    "a%20b?c#d": "/here/a%20b?c#d",
    "file:///srv/store": "file:///srv/store",
    "sqlite:///x.db": "sqlite:////here/x.db",
    "sqlite:///../x.db": "sqlite:////x.db",
    "sqlite:///a%20b.db": "sqlite:////here/a b.db",
    "sqlite:///a%3Fb%25.db": "sqlite:////here/a%3Fb%25.db",
    "sqlite+pysqlite:///x.db": "sqlite+pysqlite:////here/x.db",
    "sqlite:////srv/x.db": "sqlite:////srv/x.db",
    "git@host:org/repo": "git@host:org/repo",
    "https://host/x.git@main": "https://host/x.git@main",
    "mysql://u@host/db": "mysql://u@host/db",
}


@pytest.mark.parametrize(("url", "stored"), STORED.items())
def test_paths_are_stored_absolute_and_nothing_else_changes(url: str, stored: str) -> None:
    assert normal_url(url, "", "/here") == stored
    assert normal_url(stored, "", "/elsewhere") == stored
    assert kind_of(stored) == kind_of(url)


def _names_a_file(name: str) -> bool:
    return bool(name.strip()) and os.path.normpath(f"/here/{name.strip()}") != "/"


@given(st.from_regex(r"[a-z0-9 %?#@:._-]{1,12}(/[a-z0-9 %?#@:._-]{1,8})?", fullmatch=True).filter(_names_a_file))
def test_an_sqlite_file_is_found_again_by_what_is_stored(name: str) -> None:
    from urllib.parse import quote

    path = f"/here/{name}"
    stored = normal_url(f"sqlite:///{quote(name)}", "", "/here") if name == name.strip() else f"sqlite:///{quote(path)}"

    assert path_of(stored) == path_of(normal_url(stored, "", "/"))
    if ".." not in name and "." not in name.split("/"):
        assert path_of(stored) == path


def test_dots_behind_a_link_lead_where_the_system_goes(tmp_path: Path) -> None:
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")

    assert normal_url("link/../store", "", str(tmp_path)) == str(tmp_path / "far" / "store")
    assert normal_url("link/store", "", str(tmp_path)) == str(tmp_path / "link" / "store")


PATHS = {
    "/srv/a%20b": "/srv/a%20b",
    "file:///srv/a%20b": "/srv/a b",
    "file://localhost/srv/store": "/srv/store",
    "sqlite:////srv/a%20b.db": "/srv/a b.db",
    "sqlite:////srv/x.db?": "/srv/x.db",
}


@pytest.mark.parametrize(("url", "path"), PATHS.items())
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert path_of(url) == path


UNSAFE = [
    "ext::sh -c touch% /tmp/x",
    "EXT::sh",
    "fd::7",
    "x::y",
    "git::x",
    " https://host",
    "https://host\n",
    "store\t",
    "sto\0re",
    "sto\x1b[31mre",
    "sto\u202ere",
    "sto\udcffre",
    "--upload-pack=touch /tmp/x",
    "-u./x",
    "\\\\host\\share",
    "//host/share",
    "file://host/share",
    "file:////host/share",
    "git+file://host/share",
    "git://host/repo",
    "git+http://host/repo",
    "ssh://-oProxyCommand=touch/x",
    "ssh://git@-oProxyCommand=touch/x",
    "git@-oProxyCommand=touch:x",
    "git+ssh://git:secret@host/repo",
    "https://user:secret@host",
    "https://token@host",
    "http://user@localhost",
    "https://token@host/repo.git",
    "git+https://user:secret@host/repo",
    "sqlite:///file:/etc/x?uri=true",
    "sqlite:///FILE:x.db",
    "sqlite:///file%3Ax.db",
    "sqlite:////etc/x?mode=ro",
    "sqlite://///host/share.db",
    "mysql://h/db?local_infile=1",
    "mysql://h/db?charset=utf8mb4&read_default_file=/etc/x",
    "mysql://h/db?charset=utf8mb4;read_default_file=/etc/x",
    "mysql://h/db?%6cocal_infile=1",
    "mysql+pymysql://h/db?init_command=DROP",
    "mysql://h/db?password=secret",
    "postgresql://h/db?service=x",
    "postgresql://h/db?passfile=/etc/x",
    "postgresql+psycopg://h/db?options=-c",
]
WRONG = [
    "sqlite:x.db",
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite://host/x.db",
    "sqlite:////",
    "mysql:host",
    "file:relative",
    "file:///srv/store?x=1",
    "file:///srv/store#x",
    "https://",
    "https:host",
    "https://ho st",
    "https://host:port",
    "https://host/?token=secret",
    "https://host/#secret",
    "foo://bar",
    "postgres://host/db",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", UNSAFE)
def test_a_url_that_could_do_harm_is_refused(url: str) -> None:
    for act in (lambda: normal_url(url, "", "/here"), lambda: driver_of(url), lambda: create_store(url, Options())):
        with pytest.raises(Unsafe) as caught:
            act()
        assert "secret" not in caught.value.message
        assert caught.value.message.isprintable()


@pytest.mark.parametrize("url", WRONG)
def test_a_url_that_is_none_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        normal_url(url, "", "/here")
    assert "secret" not in caught.value.message + caught.value.hint


PASSWORDS = {
    "mysql://zenml:pw@host/db": ("mysql://zenml@host/db", "pw"),
    "mysql+pymysql://zenml:p%40%2Fw@host:3306/db": ("mysql+pymysql://zenml@host:3306/db", "p@/w"),
    "mysql://u:p@ss:w/o?rd#@host/db?charset=utf8": ("mysql://u@host/db?charset=utf8", "p@ss:w/o?rd#"),
    "mysql://u:p@s/w?rd@host/db": ("mysql://u@host/db", "p@s/w?rd"),
    "mysql://u:p?x=y@host/db": ("mysql://u@host/db", "p?x=y"),
    "mysql://:pw@host/db": ("mysql://@host/db", "pw"),
    "mysql://u:@host/db": ("mysql://u:@host/db", ""),
    "mysql://u@host/db": ("mysql://u@host/db", ""),
    "postgresql://u:pw@[::1]:5432/db": ("postgresql://u@[::1]:5432/db", "pw"),
    "postgresql://u:pw@/db?host=/run/x@y": ("postgresql://u@/db?host=/run/x@y", "pw"),
    "sqlite:////srv/a:b@c.db": ("sqlite:////srv/a:b@c.db", ""),
    "https://host:8443/x.git@main": ("https://host:8443/x.git@main", ""),
    "git@host:org/repo": ("git@host:org/repo", ""),
    "/srv/a:b@c": ("/srv/a:b@c", ""),
    "": ("", ""),
}


@pytest.mark.parametrize(("url", "parts"), PASSWORDS.items())
def test_the_password_is_taken_out(url: str, parts: tuple[str, str]) -> None:
    assert split_password(url) == parts


SHOWN = {
    "mysql://zenml:secret@host/db": "mysql://zenml:***@host/db",
    "mysql://zenml:se@c/r?et#@host/db": "mysql://zenml:***@host/db",
    "mysql://zenml@host/db": "mysql://zenml@host/db",
    "mysql://h/db?charset=utf8&password=secret&x": "mysql://h/db?charset=utf8&password=***&x",
    "oracle://u:secret@h/db?key=secret": "oracle://u:***@h/db?key=***",
    "https://user:secret@host/x?token=secret": "https://user:***@host/x?token=***",
    "git+https://u:secret@host/x.git@main#subdirectory=a&egg=secret": (
        "git+https://u:***@host/x.git@main#subdirectory=a&egg=***"
    ),
    "https://host:8443/x.git@main": "https://host:8443/x.git@main",
    "foo://u:secret@host": "foo://u:***@host",
    "sqlite:////srv/a:b@c.db": "sqlite:////srv/a:b@c.db",
    "/srv/a:b@c?x=y": "/srv/a:b@c?x=y",
    "git@host:org/repo": "git@host:org/repo",
}


@pytest.mark.parametrize(("url", "shown"), SHOWN.items())
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert "secret" not in without_secrets(url)


def test_a_password_in_the_keyring_is_shown_as_stars() -> None:
    assert without_secrets("mysql://zenml@host/db", password=True) == "mysql://zenml:***@host/db"
    assert without_secrets("sqlite:////srv/x.db", password=True) == "sqlite:////srv/x.db"


@given(st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=1, max_size=20))
def test_any_password_comes_back_and_is_never_shown(password: str) -> None:
    from urllib.parse import quote

    url = f"mysql://zenml:{quote(password, safe='')}@host/db"

    assert split_password(url) == ("mysql://zenml@host/db", password)
    assert without_secrets(url) == "mysql://zenml:***@host/db"


@given(st.text(max_size=30))
def test_any_text_is_a_url_or_refused_in_words(url: str) -> None:
    without_secrets(url)
    scheme_of(url)
    try:
        check(url)
        split_password(url)
        normal_url(url, "", "/here")
    except ZenprofileError as error:
        refused = error
    else:
        return
    assert refused.message.isprintable()
    assert refused.hint


def test_an_untried_dialect_is_told() -> None:
    assert is_untried("oracle+oracledb://host/db")
    assert not any(is_untried(url) for url in ("", "store", "sqlite:////x.db", "mysql+pymysql://h/d", "https://host"))


def test_a_third_party_adds_a_driver_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EntryPoint("s4", "zenprofile.drivers.memory:DRIVER", "zenprofile.drivers")
    ours = EntryPoint("mysql", "nowhere:DRIVER", "zenprofile.drivers")

    def entry_points(**wanted: Any) -> EntryPoints:
        return EntryPoints([found, ours]).select(**wanted)

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)

    assert kind_of("s4://bucket") == kind_of("s4://bucket", "s4") == "s4"
    assert driver_of("s4://bucket") is memory.DRIVER
    assert driver_of("mysql://host/db").name == "sql"


def test_a_driver_that_is_not_there_is_unsupported_in_clear_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zenprofile.drivers.rest", None)
    with pytest.raises(Unsupported, match="'rest'"):
        driver_of("https://host")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zenprofile.drivers.sql", None)
    with pytest.raises(Unsupported):
        driver_of("sqlite:////x.db")


def test_the_default_change_registers_the_defaults() -> None:
    change = default_change()

    assert [edit.key for edit in change.edits] == [key for key, _ in DEFAULTS]
    assert all(edit.replaces is None and edit.text for edit in change.edits)


def test_finding_a_driver_imports_nothing_heavy() -> None:
    script = (
        "import sys; from zenprofile.store.registry import without_secrets, kind_of\n"
        "without_secrets('mysql://u:p@h/d')\n"
        "kind_of('git@h:x'); "
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)

    heavy = {"yaml", "sqlalchemy", "click", "urllib.parse", "importlib.metadata", "pathlib", "json", "hashlib"}
    assert heavy.isdisjoint(done.stdout.split())

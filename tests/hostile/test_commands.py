"""The corpus of documents, URLs and names over the commands; the heavy ones in a process that the kernel bounds."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import corpus
from tests.hostile.repositories import CASES, Place, tree_of
from tests.hostile.test_repositories import ended, must_be_clear
from zenprofile.fs import nofollow

CANARY = "hunter2hunter2"
EVIL = "users/evil.yaml"
READS = ("validate", "user list", "user list -o json", "user describe evil", "status", "diff", "user list --at HEAD")


@pytest.fixture
def evil(run, folder: Path) -> Iterator[Path]:
    """Give the place of a document in the active profile."""
    path = folder / EVIL
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("case", corpus.CORPUS, ids=lambda case: case.name)
def test_a_hostile_document_spoils_only_itself(case: corpus.Document, evil: Path, tmp_path: Path, capsys) -> None:
    evil.write_bytes(case.raw())

    for line in READS:
        status, out, err = ended(line, capsys)
        must_be_clear(line, status, out, err)
        if not (line == "diff" and case.code == "too-large"):
            assert status == (0 if line.endswith(("status", "diff", "HEAD")) else 1), line
        if line.startswith("validate"):
            assert EVIL in out
    status, out, err = ended("commit", capsys)
    must_be_clear("commit", status, out, err)
    assert status == 1
    assert EVIL in err
    status, out, err = ended("user delete evil", capsys)
    must_be_clear("user delete", status, out, err)
    # What is far larger than any document was is taken away by hand.
    far = len(case.raw()) > nofollow.MOST_BYTES
    assert (status, evil.exists(), "by hand" in err) == (far, far, far), err
    evil.unlink(missing_ok=True)

    assert ended("user list", capsys)[0] == 0
    assert not (tmp_path / corpus.MARKER).exists()


URLS = (
    *("ext::sh -c touch% marker", "EXT::sh", "fd::17", "x::y", "git+ext::sh", " ext::sh -c id", "persistent-https::x"),
    *("--upload-pack=touch marker", "-u./x", "-oProxyCommand=id", "ssh://-oProxyCommand=id/x", "ssh://-x@h/x"),
    *("git@-oProxyCommand=id:x", "git+ssh://-oProxyCommand=id/x", "git@h:-x", "git://host/repo.git", "git+git://h/x"),
    *("git+http://host/repo.git", "file://host/share", "\\\\host\\share", "//host/share", "file:////host/share"),
    *("git+file://host/share", "git+https://host/x#subdirectory=../..", "git+https://host/x#subdirectory=/etc"),
    *("git+https://host/x#subdirectory=.git", "git+https://host/x@-x", "git+https://host/x@--upload-pack=id"),
    *("git+https://host/x@a..b", "git+https://host/x?token=hunter2hunter2", "git+https://u:hunter2hunter2@host/x"),
    *("https://u:hunter2hunter2@host/x.git", "git+ssh://u:hunter2hunter2@host/x", "https://u:hunter2hunter2@host"),
    *("http://hunter2hunter2@host", "https://host?token=hunter2hunter2", "sqlite:///file:x?uri=true&mode=rwc"),
    *("sqlite:///x.db?uri=true", "sqlite:////x.db?vfs=unix", "sqlite:////x.db?detect_types=1", "sqlite:///:memory:"),
    *("sqlite://host/x", "mysql://h/db?local_infile=1", "mysql://h/db?init_command=DROP"),
    *("mysql://h/db?read_default_file=/etc/passwd", "mysql://h/db?password=hunter2hunter2", "mysql://h/db?ssl=x"),
    *("postgresql://h/db?service=x", "postgresql://h/db?passfile=/etc/passwd", "postgresql://h/db?options=-c%20x"),
    *("postgresql://h/db?password=hunter2hunter2", "postgresql://h/db?sslpassword=hunter2hunter2", "evil://h/db"),
    *("data:text/plain,x", "javascript:alert(1)", "gopher://h/x", "ldap://h/x", "s3://bucket/x", "jar:file:///x!/y"),
    *("git+https://host/\x1b[31m", "https://host/\u202e", "/tmp/\nx", "\x00", "git+https://", "ssh://", "https://:80"),
    *("git@host:", "git+https://host", "git+https://host/x#evil=1", "git+https://ho st/x", "https://host/x y"),
)


@pytest.mark.parametrize("url", URLS)
def test_a_hostile_url_is_refused_before_anything_is_started(
    run, url: str, machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    started: list[object] = []
    run("list")
    monkeypatch.setattr(subprocess.Popen, "__init__", lambda *words, **_: started.append(words))

    from zenprofile.cli.main import main

    status = main(["create", "h", "--url", url])

    out, err = capsys.readouterr()
    assert status in {1, 2}, out + err
    assert started == []
    must_be_clear("create", 1, out, err)
    assert CANARY not in out + err
    assert [row["name"] for row in run("list -o json").json] == ["default"]
    assert not [path for path in machine.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert list(tmp_path.iterdir()) == []


NAMES = (
    *("../x", "..", ".", "/etc/x", "a/b", "a\\b", "a:b", "CON", "nul.txt", "com1", "LPT9.x", ".git", ".x", "-rf", "x."),
    *(
        "a b",
        "a\nb",
        "\x1b[31m",
        "\u202ex",
        "é",
        "e\u0301",
        "\ud800",
        "a" * 129,
        "git~1",
        "*",
        "$(id)",
        "`id`",
        "'; DROP",
    ),
    *("x\u200b", "\U000e0041", "%2e%2e", "..%2f", "~root", "|id", "x;id", "\xff", "a\x00b", "{{a.b}}", "${env:HOME}"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_refused_by_every_kind(run, profile: str, machine: Path, name: str, capsys) -> None:
    from zenprofile.cli.main import main

    before = tree_of(machine / "zenprofile" / "profiles")
    for words in (
        ["user", "create", "--", name],
        ["project", "create", "--", name],
        ["component", "register", "--type", "orchestrator", "--flavor", "local", "--", name],
        ["stack", "register", "-c", "orchestrator=default", "--", name],
        ["stack", "copy", "default", "--", name],
        ["user", "rename", "default", "--", name],
        ["create", "--", name],
    ):
        status = main(words)
        out, err = capsys.readouterr()
        assert status in {1, 2}, f"{words}: {out}{err}"
        must_be_clear(" ".join(words), 1, out, err)

    after = tree_of(machine / "zenprofile" / "profiles")
    assert {name for name in after if ".git/" not in name and "cache" not in name} == {
        name for name in before if ".git/" not in name and "cache" not in name
    }


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (corpus.SECONDS, corpus.SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (corpus.MEGABYTES * corpus.MEBIBYTE,) * 2)


HEAVY = {
    *("deep-brackets", "alias-billion-laughs", "full-escapes", "many-pairs", "tag-handles-quadratic", "large-blank"),
    *("schema-pattern-backtracks", "schema-any-of", "schema-contains", "schema-ref-doubling", "schema-unique"),
    *("schema-wide", "size-sparse", "size-many-strays", "size-many-folders", "git-object-bomb", "device-pipe"),
    *("link-file-to-a-device", "own-journal-large", "own-journal-deep", "git-head-large", "git-head-to-a-device"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HEAVY))
def test_a_heavy_one_stays_within_time_and_memory(run, folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    place = Place(folder, tmp_path / "outside", tmp_path / "marker")
    case = next((case for case in CASES if case.name == name), None)
    if case is None:
        (folder / EVIL).write_bytes(next(d for d in corpus.CORPUS if d.name == name).raw())
    else:
        case.do(place)

    for line in ("validate", "component list -o json", "user list", "log"):
        done = subprocess.run(
            [sys.executable, "-m", "zenprofile", *line.split()],
            capture_output=True,
            text=True,
            preexec_fn=bounded,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=60,
            check=False,
        )
        must_be_clear(line, done.returncode, done.stdout, done.stderr)
    assert not place.marker.exists()


def test_every_heavy_one_is_in_the_corpus() -> None:
    assert {case.name for case in CASES} | {document.name for document in corpus.CORPUS} >= HEAVY


def test_a_link_that_was_committed_does_not_keep_others_from_being_committed(run, folder: Path, tmp_path: Path) -> None:
    """A change is refused for problems that it adds alone, and a file that may not be read is left as it is."""
    place = Place(folder, tmp_path, tmp_path / "marker")
    (folder / "users" / "evil.yaml").symlink_to("/etc/hostname")
    place.git("add", "-A")
    place.git("commit", "-q", "-m", "theirs")
    (folder / "users" / "eve.yaml").write_text("name: eve\n")

    assert run("status -o json").json["state"] == "invalid"
    run("commit -m mine")

    assert place.git("show", "--name-only", "--format=%s", "HEAD").split() == ["mine", "users/eve.yaml"]
    assert run("status -o json").json["changes"] == []

"""The merge driver in git's hands: the bytes of `sync`, markers in a conflict, and never half a file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from repos import git, repository, write, zenprofile

from zenprofile.core.entity import Key
from zenprofile.core.merge import documents

pytestmark = pytest.mark.slow

KEY = Key("component", "orchestrator", "gpu")
PATH = ".zenprofile/components/orchestrator/gpu.yaml"
BASE = """\
# ours alone
name: gpu
type: orchestrator
flavor: kubernetes
configuration:
  kubernetes_namespace: ml # here
  kubernetes_context: a
"""
OURS = BASE.replace("ml #", "ml-eu #")
THEIRS = BASE.replace("context: a", "context: b")
CLASH = BASE.replace("ml #", "ml-us #")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    zenprofile(folder, "hooks", "install")
    sides(folder, BASE, OURS, THEIRS)
    return folder


def sides(folder: Path, base: str | None, ours: str, theirs: str) -> None:
    """Commit ours on `main` and theirs on `theirs`, both from base (None: neither had the file)."""
    git(folder, "checkout", "-q", "main")
    git(folder, "branch", "-q", "-D", "theirs", fails=not git(folder, "branch", "--list", "theirs").stdout)
    for branch, text in (("main", base), ("theirs", theirs), ("main", ours)):
        git(folder, "checkout", "-q", *([branch] if branch != "theirs" else ["-b", "theirs"]))
        if text is not None:
            write(folder, PATH, text)
            git(folder, "add", ".")
        git(folder, "commit", "-q", "--no-verify", "--allow-empty", "-m", branch)


def merged(base: str | None, ours: str, theirs: str) -> str | None:
    return documents.merge_document(KEY, base, ours, theirs)[0]


@pytest.mark.parametrize(
    "way", [["merge", "-q", "-m", "x", "theirs"], ["rebase", "-q", "theirs"], ["cherry-pick", "theirs"]]
)
def test_neighbouring_lines_are_merged_as_sync_does(repo: Path, way: list[str]) -> None:
    git(repo, *way)

    sides_ = (THEIRS, OURS) if way[0] == "rebase" else (OURS, THEIRS)
    assert (repo / PATH).read_text() == merged(BASE, *sides_)
    assert "context: b" in (repo / PATH).read_text()
    assert git(repo, "status", "--porcelain").stdout == ""


def test_a_file_that_both_added(repo: Path) -> None:
    git(repo, "rm", "-q", PATH)
    git(repo, "commit", "-q", "-m", "none")
    sides(repo, None, OURS, THEIRS.replace("ml #", "ml-eu #").replace("# ours alone\n", ""))

    git(repo, "merge", "-q", "-m", "x", "theirs", fails=True)
    same = THEIRS.replace("ml #", "ml-eu #").replace(
        "  kubernetes_context: b\n", "  pass_zenml_token_as_secret: true\n"
    )
    git(repo, "merge", "--abort")
    sides(repo, None, OURS, same)
    git(repo, "merge", "-q", "-m", "x", "theirs", fails=merged(None, OURS, same) is None)


def test_a_conflict_has_markers_of_gits_size_and_stops_git(repo: Path) -> None:
    write(repo, ".gitattributes", f"/{PATH} conflict-marker-size=12\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "size")
    sides(repo, BASE, OURS, CLASH)

    done = git(repo, "merge", "theirs", fails=True)

    text = (repo / PATH).read_text()
    assert "\n<<<<<<<<<<<< ours\n  kubernetes_namespace: ml-eu # here\n============\n" in text
    assert text.count("<" * 12 + " ") == text.count(">" * 12 + " ") == 1
    assert "both sides changed configuration.kubernetes_namespace" in done.stderr
    assert git(repo, "status", "--porcelain").stdout == f"UU {PATH}\n"


def test_what_cannot_be_read_is_merged_by_lines_and_stops_git(repo: Path) -> None:
    sides(repo, BASE, "\0" + OURS, "{{{" + THEIRS)

    git(repo, "merge", "theirs", fails=True)

    assert git(repo, "status", "--porcelain").stdout == f"UU {PATH}\n"


@pytest.mark.parametrize("path", ["/usr/bin:/bin", None])
def test_without_zenprofile_git_leaves_markers(repo: Path, path: str | None) -> None:
    config = repo / ".git" / "config"
    config.write_text(config.read_text().replace("/__main__.py", "/gone.py"))
    sides(repo, BASE, OURS, CLASH)
    env = {"PATH": path} if path else {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    git(repo, "merge", "theirs", fails=True, **env)

    assert "<<<<<<< " in (repo / PATH).read_text()
    assert git(repo, "status", "--porcelain").stdout == f"UU {PATH}\n"


def drive(folder: Path, *sides: str, path: str = PATH, size: str = "7", **extra: str) -> tuple[int, str, str]:
    """Run the driver as git would; return its status, the result, what it said."""
    for name, text in zip("OAB", sides, strict=True):
        write(folder, name, text)
    done = zenprofile_(folder, "hook", "merge-driver", "O", "A", "B", size, path, **extra)
    return done.returncode, (folder / "A").read_text(), done.stderr


def zenprofile_(folder: Path, *words: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "zenprofile", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **extra})


@pytest.mark.parametrize("folder", ["", "stacks/", "components/", "a/users/"])
def test_a_profile_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    path = f"{folder}components/orchestrator/gpu.yaml"
    assert drive(tmp_path, BASE, OURS, THEIRS, path=path) == (0, merged(BASE, OURS, THEIRS), "")
    sides = [f"name: a\ndescription: {word}\nlabels:\n  a: {label}\n" for word, label in ("oo", "po", "op")]
    joined = "name: a\ndescription: p\nlabels:\n  a: p\n"
    assert drive(tmp_path, *sides, path=f"{folder}projects/a.yaml") == (0, joined, "")


def test_the_driver_alone(tmp_path: Path) -> None:
    assert drive(tmp_path, BASE, OURS, THEIRS) == (0, merged(BASE, OURS, THEIRS), "")
    status, text, said = drive(tmp_path, "a\n", "b\n", "c\n", path="code.py")
    assert (status, text) == (1, "<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n")
    assert "merged by lines" in said
    assert drive(tmp_path, "a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", path="code.py")[:2] == (
        1,
        "A\nb\nc\nd\nE\n",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A", "B", "O"]


def test_a_mistake_of_ours_leaves_what_git_merges_and_status_1(tmp_path: Path) -> None:
    broken = write(
        tmp_path, "broken/sitecustomize.py", "import sys\nsys.modules['zenprofile.core.merge.documents'] = None\n"
    )

    status, text, said = drive(tmp_path, BASE, OURS, CLASH, PYTHONPATH=str(broken.parent))

    assert status == 1
    assert text.count("<<<<<<< ours\n") == 1
    assert "Traceback" not in said


def test_files_that_are_not_there(tmp_path: Path) -> None:
    done = zenprofile_(tmp_path, "hook", "merge-driver", "O", "A", "B", "7", PATH)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert zenprofile_(tmp_path, "hook", "merge-driver").returncode == 1

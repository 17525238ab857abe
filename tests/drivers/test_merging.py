"""Two commits of a repository become one in this process, and nothing is read twice on the way."""

from pathlib import Path

import pytest
from repos import git, head, repository, write

from zenprofile import resources
from zenprofile.core import profile_check
from zenprofile.core.document import lines
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.local.merge import Merge, Outcome
from zenprofile.git.objects import Objects
from zenprofile.git.repository import find
from zenprofile.store.base import Options

NUMBER = 5


def _documents(top: Path, description: str, region: str) -> str:
    for n in range(NUMBER):
        text = f"name: s{n}\ntype: artifact_store\nflavor: s3\ndescription: {description}\n"
        text += f"labels:\n  a: b\n  c: d\nconfiguration:\n  path: s3://b{n}\n  region: {region}\n"
        text = text.replace("  region:", "  client_kwargs:\n    region:")
        write(top, f".zenprofile/components/artifact_store/s{n}.yaml", text)
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", f"{description} {region}")
    return head(top)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, str, str]:
    """Make a repository in which two branches have changed the same entities, in lines far apart."""
    top = repository(tmp_path / "here")
    base = _documents(top, "a", "eu-0")
    theirs = _documents(top, "b", "eu-0")
    git(top, "reset", "-q", "--hard", base)
    return top, _documents(top, "a", "eu-1"), theirs


def _merged(top: Path, ours: str, theirs: str) -> Outcome:
    found = find(top / ".zenprofile")
    assert found is not None
    objects = Objects(found)
    try:
        return Merge(found, objects, resources.catalog(), ours, theirs).outcome({})
    finally:
        objects.close()


def test_each_text_of_a_merge_is_read_once(sides: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    before = lines.data

    def counted(text: str) -> object:
        read.append(text)
        return before(text)

    monkeypatch.setattr(lines, "data", counted)

    outcome = _merged(*sides)

    assert outcome.conflicts == ()
    assert outcome.problems == ()
    assert len(outcome.documents) == NUMBER
    assert all("description: b" in (text or "") and "eu-1" in (text or "") for text in outcome.documents.values())
    # The common ancestor's, ours, theirs, and what came of them.
    assert len(read) == len(set(read)) == 4 * NUMBER


def test_the_verdict_on_a_tree_is_kept_by_commit_and_by_tree(
    sides: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    top = sides[0]
    assert _status(top) == "unshared"
    git(top, "commit", "-q", "--allow-empty", "-m", "the same tree")
    with monkeypatch.context() as patch:
        patch.setattr(profile_check, "check_all", None)  # neither the same tree nor the same commit is checked anew
        assert _status(top) == _status(top) == "unshared"
        patch.setattr(Objects, "__init__", None)
        assert _status(top) == "unshared"
    write(top, ".zenprofile/stacks/bad.yaml", "name: bad\ncomponents:\n  orchestrator: nobody\n")
    git(top, "add", "-A")
    assert _status(top) == "invalid"
    git(top, "commit", "-q", "-m", "bad")
    assert _status(top) == _status(top) == "invalid"
    git(top, "reset", "-q", "--hard", sides[1])
    assert _status(top) == "unshared"


def _status(top: Path) -> str:
    store = DRIVER.open(str(top / ".zenprofile"), Options())
    try:
        return store.sharing().state().state
    finally:
        store.close()

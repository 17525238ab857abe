"""Attributes that somebody pushes: no program of the user's settings ever sees a document."""

from pathlib import Path

import pytest
from machines import S3, Machine, Team, store

pytest_plugins = ("teams",)
pytestmark = pytest.mark.slow


def with_filter(machine: Machine, mark: Path) -> None:
    """Set a filter that leaves a mark when it runs on a document."""
    for what in ("clean", "smudge"):
        command = f"sh -c 'case %f in *.yaml*) touch \"{mark}\";; esac; cat'"
        machine.git("config", "--global", f"filter.x.{what}", command)


@pytest.mark.parametrize("line", ["* filter=x\n", "conf/zen/** filter=x\n"])
def test_a_filter_that_arrives_for_documents_is_refused_at_once(larger: Team, line: str) -> None:
    mark = larger.root / "ran"
    with_filter(larger.ben, mark)
    (larger.ana.top / ".gitattributes").write_text(line)
    larger.ana.commit((S3, store("s3", {"path": "s3://b"})))
    larger.ana.git("push", "-q")
    before = larger.ben.head

    for command in ("pull", "sync", "status", "pull"):
        said = larger.ben.run(command, fails=None)
        if command != "status":
            assert said.status == 1
            assert "filter=x" in said.err
    larger.ben.run("stack copy prod other", fails=None)

    assert not mark.exists()
    assert larger.ben.git("rev-list", "--count", f"{before}..HEAD") in {"0", "1"}
    assert not (larger.ben.top / ".gitattributes").exists()


def test_attributes_for_other_files_arrive(larger: Team) -> None:
    with_filter(larger.ben, larger.root / "ran")
    (larger.ana.top / ".gitattributes").write_text("README filter=x\n")
    larger.ana.commit((S3, store("s3", {"path": "s3://b"})))
    larger.ana.git("push", "-q")

    larger.ben.run("pull")

    assert (larger.ben.top / ".gitattributes").read_text() == "README filter=x\n"
    assert not (larger.root / "ran").exists()


@pytest.mark.parametrize("below", [True, False])
def test_a_required_filter_that_fails_leaves_all_as_it_was(larger: Team, below: bool) -> None:
    """One of a file outside the profile, where the user's filters run as in git."""
    larger.ana.commit((S3, store("s3", {"path": "s3://b"})))
    (larger.ana.top / ".gitattributes").write_text("*.bin filter=broken\n")
    (larger.ana.top / "model.bin").write_text("1\n")
    larger.ana.commit()
    larger.ana.git("push", "-q")
    larger.ben.git("config", "--global", "filter.broken.smudge", "false")
    larger.ben.git("config", "--global", "filter.broken.required", "true")
    if below:
        larger.ben.run("user create zoe")
    before = larger.ben.head

    said = larger.ben.run("pull", fails=None)

    assert said.status
    assert "filter" in said.err
    assert larger.ben.head == before
    assert larger.ben.is_clean()
    assert not (larger.ben.top / "model.bin").exists()

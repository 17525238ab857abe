"""What pages show, where no browser is needed to see it."""

from pathlib import Path

from repos import git

from tests.contract.kit import bucket, put
from zenprofile.server import views
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store


def test_what_is_not_shared_yet_is_a_problem(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(tmp_path, "clone", "-q", "remote.git", "here")
    store = create_store(str(tmp_path / "here"), Options(mode="commit"))
    git(tmp_path / "here", "push", "-q", "-u", "origin", "HEAD:main")
    assert views.problems(store) == []

    put(store, bucket(path="s3://b"))

    assert [(place, hint) for place, _, hint in views.problems(store)] == [("ahead", "zenprofile push")]
    store.close()

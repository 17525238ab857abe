"""What git reads otherwise than one expects, and what is no usage: a case each."""

from pathlib import Path

import pytest
from repos import git, repository, write, zenprofile

pytestmark = pytest.mark.slow


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    zenprofile(folder, "config", "sync", "commit")
    return folder


def settings(repo: Path, text: str) -> None:
    with (repo / ".git" / "config").open("a") as file:
        file.write(text)


def test_gpgsign_without_a_value_is_no_wish_to_sign(repo: Path) -> None:
    settings(repo, "[commit]\n\tgpgsign =\n[gpg]\n\tprogram = false\n")

    zenprofile(repo, "user", "create", "eve")

    assert "gpgsig" not in git(repo, "cat-file", "commit", "HEAD").stdout


def test_of_two_urls_the_first_is_fetched_from(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "first.git")
    git(repo, "push", "-q", str(tmp_path / "first.git"), "main")
    git(tmp_path, "clone", "-q", "first.git", "other")
    write(tmp_path / "other", ".zenprofile/users/kim.yaml", "name: kim\n")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "-q", "-m", "kim")
    git(tmp_path / "other", "push", "-q")
    settings(
        repo,
        f'[remote "origin"]\n\turl = {tmp_path}/first.git\n\turl = {tmp_path}/nowhere.git\n'
        "\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        '[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n',
    )

    zenprofile(repo, "pull")

    assert (repo / ".zenprofile/users/kim.yaml").exists()
    assert f"{tmp_path}/first.git" in zenprofile(repo, "status").stdout


def test_an_empty_url_is_wrong_usage(tmp_path: Path) -> None:
    assert "url" in zenprofile(tmp_path, "create", "p", "--url", "", status=2).stderr.lower()
    assert not list(tmp_path.iterdir())

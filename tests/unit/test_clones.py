"""URLs of repositories that are cloned: what they say, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.errors import Unsafe, UsageError, ZenprofileError
from zenprofile.store.clones import CloneUrl, parse
from zenprofile.store.url import check, is_clone_url

SAID = {
    "git+https://host/org/repo": ("https://host/org/repo", "", ""),
    "git+https://host/org/repo.git@main": ("https://host/org/repo.git", "main", ""),
    "git+https://host/org/repo.git@refs/heads/main": ("https://host/org/repo.git", "main", ""),
    "git+https://host:8443/repo@feature/x#subdirectory=a/b": ("https://host:8443/repo", "feature/x", "a/b"),
    "GIT+HTTPS://Host/Org/Repo@Main": ("https://Host/Org/Repo", "Main", ""),
    "git+ssh://git@host/org/repo": ("ssh://git@host/org/repo", "", ""),
    "git+ssh://git@host/org/repo@v1": ("ssh://git@host/org/repo", "v1", ""),
    "ssh://git@host:22/~/repo@main": ("ssh://git@host:22/~/repo", "main", ""),
    "git@host:org/repo": ("git@host:org/repo", "", ""),
    "git@host:org/repo.git@main#subdirectory=a": ("git@host:org/repo.git", "main", "a"),
    "git+file:///srv/team.git#subdirectory=ml": ("file:///srv/team.git", "", "ml"),
    "git+file:///srv/a@b/team.git@main": ("file:///srv/a@b/team.git", "main", ""),
    "git+file:///srv/a%40b": ("file:///srv/a%40b", "", ""),
    "git+file:///srv/r#subdirectory=./a//b/": ("file:///srv/r", "", "a/b"),
    "git+file:///srv/r#subdirectory=a%20b": ("file:///srv/r", "", "a b"),
    "git+file:///srv/r#subdirectory=.": ("file:///srv/r", "", ""),
    "https://host/org/repo.git@main": ("https://host/org/repo.git", "main", ""),
}
UNSAFE = [
    "git+https://host/r?token=x",
    "git+https://host/r@main?token=x",
    *(
        f"git+file:///r#subdirectory={folder}"
        for folder in ("..", "a/../b", "/a", "%2e%2e/a", "%2Fa", ".git", "a/.GIT/b")
    ),
    *(f"git+file:///r#subdirectory={folder}" for folder in ("git~1", ".git.", ".git%20", "a%0Ab", "a%5Cb", "%00")),
    "git@host:-oProxyCommand=x",
]
WRONG = [
    "git+https://host",
    "git+https://host/",
    "git+https://host/r@",
    "git+https://host/r#",
    "git+https://host/r#egg=x",
    "git+https://host/r#subdirectory=",
    "git+https://host/r#subdirectory=a&egg=x",
    *(
        f"git+https://host/r@{branch}"
        for branch in ("-x", "a b", "a..b", "/a", "a/", "a.lock", ".a", "a/.b", "a~1", "a^", "a:b")
    ),
    "git+ssh://git@host:org/repo",
    "git@host:/",
]


@pytest.mark.parametrize("url", SAID)
def test_what_a_clone_url_says(url: str) -> None:
    check(url)
    assert is_clone_url(url)
    assert parse(url) == CloneUrl(*SAID[url])


@pytest.mark.parametrize("url", UNSAFE)
def test_what_leads_astray_is_refused(url: str) -> None:
    with pytest.raises(Unsafe):
        check(url)


@pytest.mark.parametrize("url", [*WRONG[:3], *WRONG[4:]])
def test_what_cannot_be_understood_is_refused(url: str) -> None:
    assert is_clone_url(url)
    with pytest.raises(UsageError):
        check(url)


NAME = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,8}", fullmatch=True)
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)
FRONT = st.sampled_from(["git+https://host/", "git+ssh://git@host:22/", "git@host:", "ssh://host/", "git+file:///"])


@given(FRONT, PATH, PATH | st.just(""), PATH | st.just(""))
def test_parts_come_out_as_they_were_put_in(front: str, path: str, branch: str, folder: str) -> None:
    url = front + path + (f"@{branch}" if branch else "") + (f"#subdirectory={folder}" if folder else "")
    check(url)

    assert parse(url) == CloneUrl(front.removeprefix("git+") + path, branch, folder)


@given(FRONT, st.text(st.sampled_from("a/.@#?%2eE=&-~^ :\\*subdirectory"), max_size=20))
def test_whatever_is_typed_a_subdirectory_stays_inside(front: str, rest: str) -> None:
    try:
        found = parse(front + rest)
    except ZenprofileError:
        return
    assert ".." not in found.subdirectory.split("/")
    assert not found.subdirectory.startswith("/")
    assert not found.branch.startswith("-")

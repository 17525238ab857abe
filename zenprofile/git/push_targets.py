"""The URLs that `git push` sends to, and what each of them answers."""

from typing import NamedTuple

from zenprofile.git import runner
from zenprofile.git.config import GitConfig
from zenprofile.git.repository import Repository


class Targets(NamedTuple):
    """Push URLs that are not simply the URL that is fetched from.

    Attributes:
        urls: as git takes them; empty where it pushes to where it fetches from.
        fetched: whether the URL that is fetched from is among them, or they are none.
    """

    urls: tuple[str, ...]
    fetched: bool


class RefStatus(NamedTuple):
    """What one URL answered about a branch: git's flag for it (``!`` for refused), and a summary."""

    url: str
    flag: str
    summary: str


def find(repository: Repository, remote: str, settings: GitConfig) -> Targets:
    """Return where a push to a remote goes."""
    if remote not in settings.remotes():
        return Targets((), fetched=True)
    url = settings.first(f"remote.{remote}.url")
    is_plain = settings.get(f"remote.{remote}.url") == url and not settings.get(f"remote.{remote}.pushurl")
    if is_plain and not settings.rewrites_pushes():
        return Targets((), fetched=True)
    args = ["remote", "get-url", "--all"]
    fetched = runner.run([*args, remote], repository.folder).out.decode("utf-8", "replace").splitlines()[:1]
    urls = runner.run([*args, "--push", remote], repository.folder).out.decode("utf-8", "replace").splitlines()
    return Targets((), fetched=True) if urls == fetched else Targets(tuple(urls), fetched=set(fetched) <= set(urls))


def parse_porcelain(out: str, branch: str) -> list[RefStatus]:
    """Return what ``push --porcelain`` prints of a branch, for each URL that has answered."""
    found, url = [], ""
    for line in out.splitlines():
        if line.startswith("To "):
            url = line[3:]
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        if len(flag) == 1 and refs.rpartition(":")[2] == branch:
            found.append(RefStatus(url, flag, summary))
    return found

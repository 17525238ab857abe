"""Pull, push and merge as whole processes, beside git pull, git push and git merge of the same files."""

import contextlib
import getpass
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import profiles
from measure import Run, Table, process, rounds
from profiles import COMMAND, git

_DOCUMENT = """\
name: shared-{n}
type: artifact_store
flavor: s3
description: of team {theirs}
labels:
  purpose: training
  stage: production
configuration:
  path: s3://bucket-{n}
  client_kwargs:
    region: {ours}
"""
_DRIVER = "import sys; ours = open(sys.argv[2]).read(); open(sys.argv[2], 'w').write(ours)"
_PORCELAIN = "import git, sys; git.Repo(sys.argv[1]).git.merge('-q', '--no-edit', 'theirs')"


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure on remotes that are paths, and by sshd on the loopback, where the handshake is what people wait for."""
    size, count = (200, 5) if quick else (1000, 15)
    _talk(table, home, size, count)
    with _sshd(home) as address:
        if address:
            _talk(table, home, size, count, "ssh on the loopback", lambda bare: f"{address}{bare}")
        else:
            table.lacks("pull and push over ssh: there is no sshd")
    for number, limit in ((1, "1.5x"), (10, "1.5x"), (100, "1.5x")):
        _merge(table, home, number, limit, 3 if quick else 9)


@contextlib.contextmanager
def _sshd(home: Path) -> Iterator[str]:
    """Run sshd with keys of its own and let git get in to it; gives how its addresses begin, "" where there is none."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield ""
        return
    folder = home / "sshd"
    folder.mkdir()
    for name in ("host", "key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(words, check=True)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    settings = ["ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {folder}/host", "PidFile none", "UsePAM no"]
    settings += [f"AuthorizedKeysFile {folder}/key.pub", "StrictModes no", "PermitRootLogin yes"]
    (folder / "config").write_text("\n".join([*settings, "AcceptEnv GIT_PROTOCOL", ""]))
    key = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    ways = f"-o IdentitiesOnly=yes -o IdentityAgent=none -o UserKnownHostsFile={folder}/known"
    with subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.DEVNULL) as process:
        os.environ["GIT_SSH_COMMAND"] = f"ssh -F /dev/null -i {folder}/key {ways}"
        try:
            _wait_for(port)
            yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
        finally:
            del os.environ["GIT_SSH_COMMAND"]
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("sshd does not answer")


def _clones(home: Path, size: int, *names: str, address: Callable[[Path], str] = str) -> tuple[Path, list[Path]]:
    """Make a bare repository, with a clone of each name that is a profile here; ``address`` is how they reach it."""
    bare = home / f"{names[0]}.git"
    first = profiles.repository(home / f"{names[0]}-first", size)
    git(home, "clone", "-q", "--bare", str(first), str(bare))
    clones = []
    for name in names:
        git(home, "clone", "-q", address(bare), name)
        clones.append(home / name)
    return bare, clones


def _talk(
    table: Table, home: Path, size: int, count: int, by: str = "a path", address: Callable[[Path], str] = str
) -> None:
    home = home / by.split(" ", maxsplit=1)[0]
    home.mkdir()
    _, (colleague, git_pulling, pulling) = _clones(home, size, "colleague", "git-pulling", "pulling", address=address)
    _, (git_pushing,) = _clones(home, size, "git-pushing", address=address)
    _, (pushing,) = _clones(home, size, "pushing", address=address)
    numbers = itertools.count()

    def commit(folder: Path) -> None:
        path = folder / "stacks" / f"new-{next(numbers)}.yaml"
        path.write_text(f"name: {path.stem}\ncomponents:\n  orchestrator: orchestrator-1\n")
        git(folder, "add", "stacks")
        git(folder, "commit", "-q", "-m", "new")

    def arrive() -> None:
        commit(colleague)
        git(colleague, "push", "-q")

    push, pull = f"pushing-{home.name}", f"pulling-{home.name}"
    profiles.registered(push, pushing)
    profiles.registered(pull, pulling)
    found = rounds(
        {
            "start": process(COMMAND, "describe", "--profile", pull),
            "git pull": process("git", "pull", "-q", cwd=git_pulling),
            "pull": process(COMMAND, "pull", "--profile", pull),
            "git push": process("git", "push", "-q", cwd=git_pushing),
            "push": process(COMMAND, "push", "--profile", push),
        },
        count,
        {"git pull": arrive, "git push": lambda: commit(git_pushing), "push": lambda: commit(pushing)},
    )
    ours = found["pull"] - found["start"]
    what = f"zenprofile pull of one commit less start-up, {size:,} files, by {by}"
    table.row(what, ours, found["git pull"], "git pull", "<= 1.5x")
    ours = found["push"] - found["start"]
    table.row(f"zenprofile push less start-up, {size:,} files, by {by}", ours, found["git push"], "git push", "<= 1.2x")


def _write(folder: Path, number: int, ours: str, theirs: str, message: str) -> None:
    for n in range(number):
        path = folder / "components" / "artifact_store" / f"shared-{n}.yaml"
        path.write_text(_DOCUMENT.format(n=n, ours=ours, theirs=theirs))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def _merge(table: Table, home: Path, number: int, limit: str, count: int) -> None:
    """Both sides change the same entities, in lines far enough apart for git."""
    _, (ours, peer) = _clones(home, 200, f"merge-{number}", f"merge-peer-{number}")
    _write(ours, number, "eu-0", "a", "base")
    git(ours, "push", "-q")
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ours, capture_output=True, text=True, check=True)
    base = asked.stdout.strip()
    _write(ours, number, "eu-0", "b", "theirs")
    git(ours, "push", "-q")
    git(peer, "pull", "-q")
    git(peer, "branch", "theirs")
    for folder in (ours, peer):
        git(folder, "reset", "-q", "--hard", base)
        _write(folder, number, "eu-1", "a", "ours")
        git(folder, "tag", "ours")
    profiles.registered(f"merge-{number}", ours)
    git(peer, "config", "merge.slow.driver", f'{sys.executable} -c "{_DRIVER}" %O %A %B')

    def again(folder: Path, attributes: str = "") -> Run:
        def reset() -> None:
            git(folder, "reset", "-q", "--hard", "ours")
            (folder / ".git" / "info" / "attributes").write_text(attributes)

        return reset

    name = f"merge-{number}"
    merge = process("git", "merge", "-q", "--no-edit", "theirs", cwd=peer)
    found = rounds(
        {
            "start": process(COMMAND, "describe", "--profile", name),
            "fetch": process("git", "fetch", "-q", cwd=ours),
            "merge": merge,
            "driver": merge,
            "porcelain": process(sys.executable, "-c", _PORCELAIN, peer),
            "pull": process(COMMAND, "pull", "--profile", name),
        },
        count,
        {
            "merge": again(peer),
            "driver": again(peer, "*.yaml merge=slow\n"),
            "porcelain": again(peer),
            "pull": again(ours),
        },
    )
    pulled = found["pull"] - found["start"] - found["fetch"]
    what = f"{number} changed on both sides"
    against = "git merge"
    row = f"zenprofile pull less start-up and fetch, {what}"
    table.row(row, pulled, found["merge"], against, f"<= {limit}")
    table.row(f"git merge with a driver process a file, {what}", found["driver"], found["merge"], against)
    table.row(f"GitPython's porcelain, whole process, {what}", found["porcelain"], found["merge"], against)

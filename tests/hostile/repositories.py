"""Repositories and folders that somebody else hands over: what is done to an ordinary one before it is opened.

A case changes a profile's folder (its work tree, its `.git`, the history) in a way that would run a program, write or
read elsewhere, wait for ever, or hide something. What would run makes the file `place.marker`; what would read brings
the text `CANARY`, which stands outside the profile, on the screen; what would write changes `place.outside`.
"""

import json
import os
import socket
import stat
import subprocess
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

CANARY = "canary-of-another-folder"
COMPONENT = "components/artifact_store"
Do = Callable[["Place"], object]


class Place(NamedTuple):
    """Where a case happens.

    Attributes:
        profile: the folder that was handed over, a Git store with its own repository.
        outside: a folder beside it, which nothing may read or change.
        marker: the file that a program of the case makes.
    """

    profile: Path
    outside: Path
    marker: Path

    @property
    def program(self) -> str:
        """A shell command that leaves the marker; what git pipes through it comes out again."""
        return f"touch '{self.marker}'; cat"

    @property
    def script(self) -> Path:
        """A script that leaves the marker."""
        path = self.profile.parent / "script.sh"
        path.write_text(f"#!/bin/sh\ntouch '{self.marker}'\nexit 0\n")
        path.chmod(0o755)
        return path

    def git(self, *words: str, stdin: str = "") -> str:
        """Run git in the profile as its maker would."""
        done = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *words],
            cwd=self.profile,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self) -> None:
        """Commit everything, whatever a filter would make of it."""
        off = [w for n in self._filters() for k in ("clean", "smudge", "process") for w in ("-c", f"filter.{n}.{k}=")]
        self.git(*off, "add", "-A", "-f")
        self.git(*off, "commit", "-q", "--allow-empty", "-m", "theirs")
        self.marker.unlink(missing_ok=True)

    def _filters(self) -> list[str]:
        found = subprocess.run(
            ["git", "config", "--name-only", "--get-regexp", "^filter[.]"],
            cwd=self.profile,
            capture_output=True,
            text=True,
            check=False,
        )
        return sorted({line.split(".", 1)[1].rpartition(".")[0] for line in found.stdout.splitlines()} - {"a=b"})


class Case(NamedTuple):
    """One hostile place.

    Attributes:
        name: says what it tries; unique.
        do: changes the place.
        runs: whether the repository could start a program (these cases also write, pull and push).
        reads: what `validate` ends with; None for any of 0 and 1.
    """

    name: str
    do: Do
    runs: bool = False
    reads: int | None = None


def _config(*settings: str, attributes: str = "", commit: bool = False) -> Do:
    """Put settings (``key=value``, {program} and {script} filled in) into the repository's own configuration."""

    def do(place: Place) -> None:
        if attributes:
            (place.profile / ".gitattributes").write_text(attributes)
        for setting in settings:
            key, _, value = setting.partition("=>")
            value = value.replace("{program}", place.program).replace("{script}", str(place.script))
            place.git("config", "--add", key, value.replace("{outside}", str(place.outside)))
        if commit:
            place.commit()

    return do


def _stale(do: Do) -> Do:
    """Make git look into a file again, by a time that its index does not know."""

    def then(place: Place) -> None:
        do(place)
        os.utime(place.profile / f"{COMPONENT}/default.yaml", (1_000_000_000, 1_000_000_000))

    return then


_RUNS = {
    "core.fsmonitor": _config("core.fsmonitor=>{script}"),
    "core.fsmonitor-query": _config("core.fsmonitor=>{script}", "core.fsmonitorHookVersion=>2"),
    "core.pager": _config(
        "core.pager=>{program}", "pager.log=>{program}", "pager.status=>true", "pager.diff=>{program}"
    ),
    "core.editor": _config("core.editor=>{script}", "sequence.editor=>{script}"),
    "core.askPass": _config("core.askPass=>{script}"),
    "alias": _config(*(f"alias.{n}=>!{{script}}" for n in ("status", "log", "config", "cat-file", "rev-parse", "x"))),
    "diff.external": _config("diff.external=>{script}"),
    "diff.command": _config("diff.evil.command=>{script}", attributes="* diff=evil\n", commit=True),
    "diff.textconv": _config("diff.evil.textconv=>{script}", attributes="* diff=evil\n", commit=True),
    "filter.clean": _stale(_config("filter.evil.clean=>{program}", attributes="* filter=evil\n")),
    "filter.smudge": _config("filter.evil.smudge=>{program}", attributes="* filter=evil\n", commit=True),
    "filter.process": _stale(
        _config("filter.evil.process=>{script}", "filter.evil.required=>true", attributes="* filter=evil\n")
    ),
    "filter-with-a-sign-in-its-name": _stale(_config("filter.a=b.clean=>{program}", attributes="* filter=a=b\n")),
    "filter-in-info": _stale(
        lambda place: (
            _config("filter.evil.clean=>{program}")(place),
            (place.profile / ".git/info").mkdir(exist_ok=True),
            (place.profile / ".git/info/attributes").write_text("* filter=evil\n"),
        )[0]
    ),
    "filter-in-attributesFile": _stale(
        lambda place: (
            _config("filter.evil.clean=>{program}", "core.attributesFile=>.git/evil")(place),
            (place.profile / ".git/evil").write_text("*.yaml filter=evil\n"),
        )[0]
    ),
    "merge.driver": _config("merge.evil.driver=>{script} %A", attributes="* merge=evil\n", commit=True),
    "merge.default": _config("merge.default=>evil", "merge.evil.driver=>{script} %A"),
    "gpg.program-on-log": _config("log.showSignature=>true", "gpg.program=>{script}"),
    "credential.helper": _config("credential.helper=>!{script}"),
    "uploadpack": _config("remote.origin.uploadpack=>{script}", "remote.origin.receivepack=>{script}"),
    "vcs": _config("remote.origin.vcs=>ext"),
    "insteadOf-ext": _config(
        "url.ext::sh -c {script} %S .insteadOf=>/", "protocol.ext.allow=>always", "protocol.allow=>always"
    ),
    "pushInsteadOf-ext": _config("url.ext::sh -c {script} .pushInsteadOf=>/", "protocol.ext.allow=>always"),
    "url-ext": _config(
        "remote.evil.url=>ext::sh -c {script}", "protocol.ext.allow=>always", "branch.main.remote=>evil"
    ),
    "alternateRefsCommand": lambda place: (
        _config("core.alternateRefsCommand=>{script}")(place),
        (place.profile / ".git/objects/info/alternates").write_text(f"{place.outside}\n"),
    )[0],
    "promisor": lambda place: _promisor(place, "{script}"),
    "promisor-ext": lambda place: _promisor(place, ""),
    "submodule.recurse": _config(
        "submodule.recurse=>true", "fetch.recurseSubmodules=>true", "push.recurseSubmodules=>check"
    ),
    "trailer.command": _config("trailer.x.command=>{script}", "trailer.x.cmd=>{script}", "trailer.x.ifmissing=>add"),
    "uploadpack.packObjectsHook": _config("uploadpack.packObjectsHook=>{script}"),
    "init.templateDir": lambda place: (
        (place.profile / ".git/evil/hooks").mkdir(parents=True),
        (place.profile / ".git/evil/hooks/post-checkout").write_text(place.script.read_text()),
        _config("init.templateDir=>.git/evil")(place),
    )[-1],
    "gc-hook": _config("gc.auto=>1", "gc.autoDetach=>false", "gc.recentObjectsHook=>{script}"),
    "browser": _config("web.browser=>{script}", "browser.x.cmd=>{script}", "help.autocorrect=>immediate"),
    "sshCommand": _config("core.sshCommand=>{script}", "ssh.variant=>simple"),
    "gitProxy": _config("core.gitProxy=>{script}"),
    "replace": lambda place: (
        place.git(
            "replace",
            place.git("rev-parse", "HEAD:stacks/default.yaml"),
            place.git("hash-object", "-w", "--stdin", stdin="name: replaced\n"),
        )
        and None
    ),
    "grafts": lambda place: (
        (place.profile / ".git/info").mkdir(exist_ok=True)
        or _write(place.profile / ".git/info/grafts", place.git("rev-parse", "HEAD") + "\n")
    ),
}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _promisor(place: Place, program: str) -> None:
    """Lack a document's blob, and name a remote that would bring it."""
    blob = place.git("rev-parse", "HEAD:stacks/default.yaml")
    (place.profile / ".git/objects" / blob[:2] / blob[2:]).unlink()
    url = str(place.outside) if program else f"ext::sh -c {place.script}"
    _config(
        "core.repositoryformatversion=>1",
        "extensions.partialClone=>evil",
        "remote.evil.promisor=>true",
        "remote.evil.partialclonefilter=>blob:none",
        f"remote.evil.url=>{url}",
        f"remote.evil.uploadpack=>{program or 'git-upload-pack'}",
        "protocol.ext.allow=>always",
    )(place)


def _elsewhere(how: Callable[[Place, Path], object]) -> Do:
    """Keep the configuration that names a program in a second file, which the first one brings in."""

    def do(place: Place) -> None:
        file = place.profile / ".git/second"
        file.write_text(f'[core]\n\tfsmonitor = "{place.script}"\n\thooksPath = "{place.profile}/.git/evil"\n')
        _hooks(place, place.profile / ".git/evil")
        how(place, file)

    return do


def _worktree_config(place: Place, file: Path) -> None:
    place.git("config", "core.repositoryformatversion", "1")
    place.git("config", "extensions.worktreeConfig", "true")
    file.rename(place.profile / ".git/config.worktree")


_HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout", "post-merge", "pre-push"),
    *("post-index-change", "reference-transaction", "post-rewrite", "pre-auto-gc", "fsmonitor-watchman", "pre-rebase"),
    *("push-to-checkout", "proc-receive", "sendemail-validate", "pre-merge-commit", "applypatch-msg"),
)


def _hooks(place: Place, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in _HOOKS:
        (folder / name).write_text(place.script.read_text())
        (folder / name).chmod(0o755)


_INCLUDES = {
    "include.path": _elsewhere(lambda place, file: place.git("config", "include.path", str(file)) and None),
    "includeIf.gitdir": _elsewhere(
        lambda place, file: place.git("config", f"includeIf.gitdir:{place.profile}/.path", str(file)) and None
    ),
    "includeIf.onbranch": _elsewhere(
        lambda place, file: place.git("config", "includeIf.onbranch:main.path", "second") and None
    ),
    "config.worktree": _elsewhere(_worktree_config),
    "hooks": lambda place: _hooks(place, place.profile / ".git/hooks"),
    "hooksPath": lambda place: (
        _hooks(place, place.profile / ".git/evil"),
        _config("core.hooksPath=>.git/evil")(place),
    )[-1],
    "hooksPath-tracked": lambda place: (_hooks(place, place.profile / "evil"), _config("core.hooksPath=>evil")(place))[
        -1
    ],
}


def _embedded(place: Place) -> None:
    """P7: a bare repository among the documents, with a monitor of its own."""
    inner = place.profile / COMPONENT / "bare.yaml"
    subprocess.run(["git", "init", "-q", "--bare", str(inner)], check=True)
    _write(inner / "config", f'[core]\n\tbare = false\n\tworktree = "{inner}"\n\tfsmonitor = "{place.script}"\n')


def _impersonating(place: Place) -> None:
    """P8: the files of a git folder, tracked at the top."""
    for name in ("HEAD", "config", "objects/info/x", "refs/heads/main", "hooks/pre-commit", "gitdir", "commondir"):
        _write(place.profile / name, place.script.read_text() if "hook" in name else "ref: refs/heads/main\n")
    (place.profile / "hooks/pre-commit").chmod(0o755)
    place.commit()


def _submodule(place: Place) -> None:
    """P9: a gitlink where a document could be, with a repository in its place."""
    inner = place.profile / "stacks" / "sub.yaml"
    subprocess.run(["git", "init", "-q", str(inner)], check=True)
    _write(
        inner / ".git/config",
        f'[core]\n\tbare = false\n\tfsmonitor = "{place.script}"\n[filter "evil"]\n\tclean = "{place.program}"\n',
    )
    _write(inner / ".gitattributes", "* filter=evil\n")
    _write(inner / "file", "x\n")
    (place.profile / ".gitmodules").write_text(
        '[submodule "x"]\n\tpath = stacks/sub.yaml\n\turl = ext::sh -c id\n\tupdate = !id\n'
    )
    oid = place.git("rev-parse", "HEAD")
    place.git("update-index", "--add", "--cacheinfo", f"160000,{oid},stacks/sub.yaml")
    place.git("commit", "-q", "-m", "submodule")


def _object(place: Place, kind: str, content: bytes) -> str:
    """Write an object that git itself would not make."""
    raw = b"%s %d\0" % (kind.encode(), len(content)) + content
    oid = sha1(raw).hexdigest()
    path = place.profile / ".git/objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(raw))
    return oid


def _tree(place: Place, *rows: tuple[str, str, str]) -> str:
    content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in rows)
    return _object(place, "tree", content)


def _entry(name: str, mode: str = "40000") -> Do:
    """P6: a tree entry that no git makes, in HEAD."""

    def do(place: Place) -> None:
        blob = _object(place, "blob", b"name: x\n")
        inner = _tree(place, ("100644", "evil.yaml", blob))
        rows = [("100644", "zenprofile.yaml", _object(place, "blob", b"format: 1\n"))]
        rows.append((mode, name, inner if mode == "40000" else blob))
        tree = _tree(place, *rows)
        who = "x <x@x> 0 +0000"
        parent = place.git("rev-parse", "HEAD")
        new = _object(place, "commit", f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nx\n".encode())
        (place.profile / ".git/refs/heads/main").write_text(new + "\n")

    return do


def _linked(at: str, target: str) -> Do:
    """Put a link where a file or folder is."""

    def do(place: Place) -> None:
        path = place.profile / at
        if path.is_dir() and not path.is_symlink():
            path.rename(place.profile.parent / "moved")
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.replace("{outside}", str(place.outside)))

    return do


def _committed(do: Do) -> Do:
    def then(place: Place) -> None:
        do(place)
        place.commit()

    return then


def _device(at: str, make: Callable[[Path], None]) -> Do:
    def do(place: Place) -> None:
        path = place.profile / at
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.unlink()
        make(path)

    return do


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)
        made.bind(path.name)
        os.chdir(here)


def _hard_link(place: Place) -> None:
    path = place.profile / "stacks" / "default.yaml"
    (place.outside / "twin.yaml").write_text(path.read_text())
    path.unlink()
    os.link(place.outside / "twin.yaml", path)


_LINKS = {
    "file": _linked(f"{COMPONENT}/evil.yaml", "{outside}/secret.yaml"),
    "file-committed": _committed(_linked(f"{COMPONENT}/evil.yaml", "{outside}/secret.yaml")),
    "file-instead-of-a-document": _linked(f"{COMPONENT}/default.yaml", "{outside}/secret.yaml"),
    "file-dangling": _linked("users/evil.yaml", "{outside}/none.yaml"),
    "file-to-a-device": _linked("users/evil.yaml", "/dev/zero"),
    "file-to-itself": _linked("users/evil.yaml", "evil.yaml"),
    "file-to-proc": _linked("users/evil.yaml", "/proc/self/environ"),
    "folder": _linked("teams", "{outside}"),
    "folder-of-a-type": _linked("components/alerter", "{outside}"),
    "folder-instead": _linked("stacks", "{outside}"),
    "folder-instead-committed": _committed(_linked("stacks", "{outside}")),
    "folder-loop": _linked("components/alerter", "../components"),
    "manifest": _linked("zenprofile.yaml", "{outside}/secret.yaml"),
    "own-folder": _linked(".git/zenprofile", "{outside}"),
    "own-lock": _linked(".git/zenprofile/lock", "{outside}/secret.yaml"),
    "own-journal": _linked(".git/zenprofile/journal", "{outside}/journal"),
    "own-journal-draft": _linked(".git/zenprofile/journal.tmp", "{outside}/secret.yaml"),
    "own-changes": _linked(".git/zenprofile/changes", "{outside}"),
    "own-state": _linked(".git/zenprofile/state.json", "{outside}/secret.yaml"),
    "own-guard": _linked(".git/zenprofile/talking", "{outside}/secret.yaml"),
}
_DEVICES = {
    "pipe": _device("users/evil.yaml", os.mkfifo),
    "pipe-as-manifest": _device("zenprofile.yaml", os.mkfifo),
    "pipe-as-folder": _device("teams", os.mkfifo),
    "pipe-as-HEAD": _device(".git/HEAD", os.mkfifo),
    "pipe-as-config": _device(".git/config", os.mkfifo),
    "pipe-as-index": _device(".git/index", os.mkfifo),
    "pipe-as-packed-refs": _device(".git/packed-refs", os.mkfifo),
    "pipe-as-branch": _device(".git/refs/heads/main", os.mkfifo),
    "pipe-as-alternates": _device(".git/objects/info/alternates", os.mkfifo),
    "pipe-as-commondir": _device(".git/commondir", os.mkfifo),
    "pipe-as-lock": _device(".git/zenprofile/lock", os.mkfifo),
    "pipe-as-journal": _device(".git/zenprofile/journal", os.mkfifo),
    "socket": _device("users/evil.yaml", _socket),
    "hard-link": _hard_link,
    "hard-link-as-lock": lambda place: (
        (place.profile / ".git/zenprofile/lock").unlink(missing_ok=True),
        os.link(place.outside / "secret.yaml", place.profile / ".git/zenprofile/lock"),
    )[-1],
}


def _file(at: str, text: str | bytes) -> Do:
    def do(place: Place) -> None:
        path = place.profile / at
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text if isinstance(text, bytes) else text.replace("{outside}", str(place.outside)).encode()
        path.write_bytes(filled)

    return do


def _odd_name(name: bytes) -> Do:
    def do(place: Place) -> None:
        folder = os.fsencode(place.profile / "users")
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"name: x\n")

    return do


_ESCAPE = "\x1b]0;owned\x07\x1b[31m\u202e\x9b2J"
_NAMES = {
    "escape-sequence": _odd_name(_ESCAPE.encode() + b".yaml"),
    "newline": _odd_name(b"a\nError: all is well.yaml"),
    "not-utf8": _odd_name(b"\xff\xfe.yaml"),
    "option": _odd_name(b"-rf.yaml"),
    "blank-at-the-end": _odd_name(b"a .yaml"),
    "dots": _odd_name(b"...yaml"),
    "device-of-windows": _odd_name(b"CON.yaml"),
    "stream-of-windows": _odd_name(b"a:b.yaml"),
    "backslash": _odd_name(b"..\\x.yaml"),
    "short-git": _odd_name(b"git~1.yaml"),
    "long": _odd_name(b"a" * 200 + b".yaml"),
    "case": lambda place: (_odd_name(b"Ada.yaml")(place), _odd_name(b"ada.yaml")(place))[-1],
    "nfd": lambda place: (_odd_name("é.yaml".encode())(place), _odd_name("e\u0301.yaml".encode())(place))[-1],
    "bidirectional": _odd_name("a\u202elmay.yaml".encode()),
    "folder-as-a-document": lambda place: (place.profile / "users/evil.yaml").mkdir(),
    "type-unknown": _file("components/evil/x.yaml", "name: x\ntype: evil\nflavor: local\n"),
    "type-odd": _file(f"components/{_ESCAPE}/x.yaml", "name: x\n"),
    "type-dotted": _file("components/.git/x.yaml", "name: x\n"),
    "deep": _file("/".join(["components", *["a"] * 400, "x.yaml"]), "name: x\n"),
    "name-of-another": _file("users/eve.yaml", "name: ../../outside\n"),
    "stray": _file("users/evil.yml", "!!python/object/apply:os.system ['id']\n"),
    "git-ignored": lambda place: (
        _file(".gitignore", "*\n")(place),
        _file("users/hidden.yaml", "name: hidden\n")(place),
    )[-1],
    "attributes-encoding": _file(".gitattributes", "* working-tree-encoding=UTF-16\n"),
    "attributes-ident": _committed(_file(".gitattributes", "* ident\n")),
    "sources": lambda place: (
        _file("flavors/alerter/evil.yaml", "name: evil\ntype: alerter\nsource: evil.mod.Flavor\n")(place),
        _file("evil/__init__.py", "")(place),
        _write(place.profile / "evil/mod.py", f"open({str(place.marker)!r}, 'w')\nclass Flavor: pass\n"),
        _write(place.profile / "sitecustomize.py", f"open({str(place.marker)!r}, 'w')\n"),
        _write(place.profile / "yaml.py", f"open({str(place.marker)!r}, 'w')\n"),
    )[0],
}


def _journal(**fields: object) -> Do:
    """A change that is said to be half done."""

    def do(place: Place) -> None:
        head = place.git("rev-parse", "HEAD")
        record: dict[str, object] = {
            "format": 1, "prefix": "", "when": 0, "message": "x", "ref": "refs/heads/main", "old": head,
            "new": head[::-1], "kind": "change", "outside": "", "undone": "", "entries": [],
        }  # fmt: skip
        text = json.dumps({**record, **fields}).replace("{outside}", str(place.outside))
        _write(place.profile / ".git/zenprofile/journal", text)

    return do


_OWN = {
    "journal-above": _journal(ref="", entries=[["../outside/new.yaml", None, "x", ""]]),
    "journal-above-taken-back": _journal(entries=[["../outside/secret.yaml", "owned", f"name: {CANARY}\n", ""]]),
    "journal-absolute": _journal(ref="", entries=[["{outside}/new.yaml", None, "x", ""]]),
    "journal-in-git": _journal(ref="", entries=[[".git/hooks/pre-commit", None, "#!/bin/sh\nid\n", ""]]),
    "journal-in-GIT": _journal(ref="", entries=[[".GIT/hooks/pre-commit", None, "#!/bin/sh\nid\n", ""]]),
    "journal-through-a-link": lambda place: (
        _linked("teams", "{outside}")(place),
        _journal(ref="", entries=[["teams/new.yaml", None, "x", ""]])(place),
    )[-1],
    "journal-ref-above": _journal(ref="../../outside/x"),
    "journal-ref-option": _journal(ref="--help"),
    "journal-id-option": _journal(outside="--output={outside}/new"),
    "journal-deep": _file(".git/zenprofile/journal", "[" * 100_000),
    "journal-list": _file(".git/zenprofile/journal", "[]"),
    "journal-number": _file(".git/zenprofile/journal", "1"),
    "journal-types": _journal(entries=[[1, 2, 3, 4]]),
    "journal-large": _file(".git/zenprofile/journal", b"[" + b"0," * (40 << 20)),
    "conflicts-deep": _file(".git/zenprofile/conflicts.json", "[" * 100_000),
    "conflicts-types": _file(".git/zenprofile/conflicts.json", '{"conflicts": 1, "settled": {}, "whole": "x"}'),
    "state-deep": _file(".git/zenprofile/state.json", '{"a":' * 100_000),
    "state-types": _file(".git/zenprofile/state.json", '{"state": [], "detail": {}, "when": "x"}'),
    "state-escape": _file(".git/zenprofile/state.json", json.dumps({"state": "offline", "detail": _ESCAPE, "when": 1})),
    "verdict-types": _file(".git/zenprofile/verdict.json", '{"tree": 1, "problems": 2}'),
    "changes-deep": _file(".git/zenprofile/changes/1.json", "[" * 100_000),
    "changes-above": lambda place: (
        _journal(entries=[["../outside/secret.yaml", "owned", f"name: {CANARY}\n", ""]])(place),
        (place.profile / ".git/zenprofile/changes").mkdir(exist_ok=True),
        (place.profile / ".git/zenprofile/journal").rename(place.profile / ".git/zenprofile/changes/9.json"),
    )[0],
}


def _git_file(target: str) -> Do:
    """A ``.git`` file that names another folder."""

    def do(place: Place) -> None:
        (place.profile / ".git").rename(place.profile.parent / "moved.git")
        (place.profile / ".git").write_text("gitdir: " + target.replace("{outside}", str(place.outside)) + "\n")

    return do


def _bomb(place: Place) -> None:
    """A blob of 256 MiB behind 256 kB, where HEAD has a document."""
    size = 256 << 20
    head, raw = b"blob %d\0" % size, b"a" * (1 << 20)
    name, packer = sha1(head), zlib.compressobj()
    parts = [packer.compress(head)]
    for _ in range(256):
        name.update(raw)
        parts.append(packer.compress(raw))
    blob = name.hexdigest()
    path = place.profile / ".git/objects" / blob[:2] / blob[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join([*parts, packer.flush()]))
    place.git("update-index", "--add", "--cacheinfo", f"100644,{blob},users/bomb.yaml")
    place.git("commit", "-q", "-m", "bomb")


_REFS = {
    "head-above": _file(".git/HEAD", "ref: ../../outside/secret.yaml\n"),
    "head-to-a-device": _file(".git/HEAD", "ref: ../../../../../../../../../dev/zero\n"),
    "head-option": _file(".git/HEAD", "ref: --exec=id\n"),
    "head-escape": _file(".git/HEAD", f"ref: refs/heads/{_ESCAPE}\n"),
    "head-dashed": _file(".git/HEAD", "ref: refs/heads/-x\n"),
    "head-empty": _file(".git/HEAD", ""),
    "head-loop": lambda place: (
        _file(".git/HEAD", "ref: refs/heads/a\n")(place),
        _file(".git/refs/heads/a", "ref: refs/heads/b\n")(place),
        _file(".git/refs/heads/b", "ref: refs/heads/a\n")(place),
    )[-1],
    "head-large": _file(".git/HEAD", b"ref: " + b"a" * (100 << 20)),
    "head-missing-object": _file(".git/refs/heads/main", "1" * 40 + "\n"),
    "git-file-elsewhere": _git_file("{outside}/.git"),
    "git-file-nowhere": _git_file("{outside}/none"),
    "git-file-to-a-device": _git_file("/dev/zero"),
    "git-file-escape": _git_file(_ESCAPE),
    "commondir-elsewhere": _file(".git/commondir", "{outside}\n"),
    "alternates-elsewhere": _file(".git/objects/info/alternates", "{outside}\n"),
    "core.worktree": _config("core.worktree=>{outside}"),
    "core.bare": _config("core.bare=>true"),
    "config-broken": _file(".git/config", "[core\n\x1b[31m"),
    "config-newer": _config("core.repositoryformatversion=>99"),
    "index-broken": _file(".git/index", b"DIRC" + b"\xff" * 100),
    "object-bomb": _bomb,
    **{f"tree-{name}": _entry(name) for name in ("..", ".", ".git", ".GIT", "git~1", "a/b", "components/../..")},
    "tree-link": _entry("stacks", "120000"),
    "tree-gitlink": _entry("stacks", "160000"),
    "bare-embedded": _embedded,
    "impersonating": _impersonating,
    "submodule": _submodule,
}


def _message(text: str) -> Do:
    return lambda place: place.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text) and None


_OUTPUT = {
    "message": lambda place: (
        _file("users/eve.yaml", "name: eve\n")(place),
        place.git("add", "-A"),
        _message(f"good\n{_ESCAPE}[bold red]")(place),
    )[-1],
    "author": lambda place: (
        _file("users/eve.yaml", "name: eve\n")(place),
        place.git("add", "-A"),
        place.git("-c", f"user.name={_ESCAPE}", "commit", "-q", "-m", "x"),
    )[0],
    "value": _committed(_file("users/eve.yaml", 'name: eve\ndescription: "\\e]0;owned\\a\\u202e[red]"\n')),
    "key": _committed(_file("users/eve.yaml", 'name: eve\nlabels: {"\\e[31m": "\\x9b2J"}\n')),
    "unknown-field": _file("users/eve.yaml", 'name: eve\n"\\e[31m\\u202e": x\n'),
    "unknown-flavor": _file(f"{COMPONENT}/eve.yaml", 'name: eve\ntype: artifact_store\nflavor: "\\e[31m"\n'),
    "unknown-component": _file("stacks/eve.yaml", 'name: eve\ncomponents: {orchestrator: "\\e[31m\\u202e"}\n'),
    "schema-title": _file("flavors/alerter/eve.yaml", 'name: eve\ntype: alerter\nschema: {"type": "\\e[31m"}\n'),
    "remote-name": _config(f"remote.{_ESCAPE}.url=>/nowhere", "branch.main.remote=>" + _ESCAPE),
    "remote-url": _config(f"remote.origin.url=>/nowhere/{_ESCAPE}"),
}


def _schema(name: str, schema: str, configuration: str = "{a: 1}", reads: int | None = None) -> Case:
    """A registered flavor and a component that is held against its schema."""

    def do(place: Place) -> None:
        _write(place.profile / "flavors/alerter/evil.yaml", f"name: evil\ntype: alerter\nschema: {schema}\n")
        text = f"name: x\ntype: alerter\nflavor: evil\nconfiguration: {configuration}\n"
        _write(place.profile / "components/alerter/x.yaml", text)

    return Case(f"schema-{name}", do, reads=reads)


_DOUBLED = (
    "{$defs: {a0: {type: string}, "
    + ", ".join(f"a{n}: {{allOf: [{{$ref: '#/$defs/a{n - 1}'}}, {{$ref: '#/$defs/a{n - 1}'}}]}}" for n in range(1, 31))
    + "}, properties: {a: {$ref: '#/$defs/a30'}}}"
)
_SCHEMAS = (
    _schema("ref-http", "{$ref: 'http://127.0.0.1:9/x.json'}", reads=1),
    _schema("ref-file", "{$ref: 'file:///etc/passwd'}", reads=1),
    _schema("ref-relative", "{$ref: 'other.json'}", reads=1),
    _schema("ref-id", "{$id: 'http://127.0.0.1:9/', properties: {a: {$ref: 'x'}}}", reads=1),
    _schema("ref-dynamic", "{$dynamicRef: 'http://127.0.0.1:9/#x'}", reads=1),
    _schema("dialect", "{$schema: 'http://127.0.0.1:9/schema'}", reads=1),
    _schema("ref-circle", "{$ref: '#'}", reads=1),
    _schema(
        "ref-circle-of-two", "{$defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}, $ref: '#/$defs/a'}", reads=1
    ),
    _schema("ref-doubling", _DOUBLED, reads=1),
    _schema("pattern-backtracks", "{properties: {a: {pattern: '^(a+)+$'}}}", f'{{a: "{"a" * 5000}!"}}', reads=1),
    _schema("pattern-backreference", r"{properties: {a: {pattern: '^(a*)*\1$'}}}", '{a: "aaa"}', reads=1),
    _schema("pattern-repeats", "{properties: {a: {pattern: '((a{1,100}){1,100}){1,100}'}}}", '{a: "aaa"}', reads=1),
    _schema("pattern-large", "{properties: {a: {pattern: '" + "(a|b)" * 500 + "'}}}", '{a: "aaa"}', reads=1),
    _schema("pattern-of-names", "{patternProperties: {'^(a+)+$': {type: string}}}", f'{{"{"a" * 200}!": 1}}', reads=0),
    _schema("format-regex", "{properties: {a: {format: regex}}}", "{a: '(a+)+'}", reads=1),
    _schema("enum-large", "{enum: [" + ",".join(map(str, range(5000))) + "]}", reads=1),
    _schema(
        "unique",
        "{properties: {a: {uniqueItems: true}}}",
        "{a: [" + ",".join(f"{{b: {n}}}" for n in range(5000)) + "]}",
    ),
    _schema(
        "contains", "{properties: {a: {contains: {type: string}, minContains: 3}}}", "{a: [" + "1," * 20_000 + "]}"
    ),
    _schema(
        "any-of", "{properties: {a: {items: {anyOf: [" + "{const: x}," * 500 + "]}}}}", "{a: [" + "1," * 10_000 + "]}"
    ),
    _schema("unevaluated", "{unevaluatedProperties: false}", reads=1),
    _schema("deep", "{not: " * 60 + "{}" + "}" * 60, reads=1),
    _schema("wide", "{properties: {" + ",".join(f"p{n}: {{type: string}}" for n in range(4000)) + "}}", reads=None),
    _schema("no-schema", "{type: evil, properties: 3}", reads=1),
    _schema("multiple-of", "{properties: {a: {multipleOf: 1.0e-308}}}", "{a: 1.0e308}"),
    _schema("huge-number", "{properties: {a: {minimum: 1}}}", "{a: " + "9" * 64 + "}"),
    _schema(
        "content-schema", "{contentMediaType: application/json, contentSchema: {$ref: 'http://127.0.0.1:9/'}}", reads=1
    ),
)


def _many(place: Place) -> None:
    folder = place.profile / "users"
    for number in range(3000):
        (folder / f"u{number}.yaml").write_text(f"name: u{number}\n")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


_SIZES = {
    "sparse": _device("users/evil.yaml", _sparse),
    "many-files": _many,
    "many-strays": lambda place: [(_write(place.profile / f"users/s{n}.yml", "x\n")) for n in range(2000)] and None,
    "many-folders": lambda place: [(place.profile / f"components/t{n}").mkdir() for n in range(3000)] and None,
    "unreadable-mode": lambda place: (place.profile / "users/default.yaml").chmod(0),
    "set-user-id": lambda place: (place.profile / "users/default.yaml").chmod(0o4777),
}


def _table(prefix: str, rows: dict[str, Do], *, runs: bool = False) -> tuple[Case, ...]:
    return tuple(Case(f"{prefix}-{name}", do, runs) for name, do in rows.items())


CASES: tuple[Case, ...] = (
    *_table("config", _RUNS, runs=True),
    *_table("config", _INCLUDES, runs=True),
    *_table("link", _LINKS),
    *_table("device", _DEVICES),
    *_table("name", _NAMES),
    *_table("own", _OWN),
    *_table("git", _REFS),
    *_table("output", _OUTPUT),
    *_SCHEMAS,
    *_table("size", _SIZES),
)


def tree_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return every file below a folder: mode, number of names, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        there = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(there.st_mode) else b""
        found[str(path.relative_to(folder))] = (there.st_mode, there.st_nlink, content)
    return found

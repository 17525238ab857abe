"""Three clones and a remote, in any order of what people do: nothing that was acknowledged is lost, and all agree.

Each value that is written is a word of its own. A word may go only where a person wrote over it, took it away, or chose
another one in a conflict. 25 histories; `ZENPROFILE_HISTORIES=2000` (`make model`) for more.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from zenprofile.core import profile_check
from zenprofile.core.change import MISSING, Change, Edit, same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.document.edit import edit
from zenprofile.core.entity import DEFAULTS, KINDS, Data, Key
from zenprofile.core.merge.documents import Conflict
from zenprofile.core.snapshot import Snapshot
from zenprofile.drivers.local.driver import DRIVER
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import ConflictError, Exists, InUse, Invalid, NotFound, ZenprofileError
from zenprofile.githooks import merge_driver_setup
from zenprofile.store.base import Options
from zenprofile.store.prepare import revision_of
from zenprofile.usecases import entities, sharing

HISTORIES = int(os.environ.get("ZENPROFILE_HISTORIES", "25"))
SHRINK = bool(os.environ.get("ZENPROFILE_SHRINK"))  # takes minutes
CLONES = 3
NAMES = ("s0", "s1", "s2", "S1")
PROD, ML = Key("stack", "", "prod"), Key("team", "", "ml")
WORD = re.compile(r"w\d+w")

clones = st.integers(0, CLONES - 1)
names = st.sampled_from(("s0", "s0", "s1", *NAMES))
fields = st.sampled_from(["path", "key", "description", "labels.a", "labels.b"])
sides = st.sampled_from(["ours", "theirs"])
ways = st.sampled_from(["sync", "sync_beside_git", "flow"])
acts = st.sampled_from(["set", "set", "set", "delete", "rename", "use", "register", "member", "unset_label"])
some_acts = st.tuples(clones, acts, names, names, fields)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, f"git {words}: {done.stderr}"
    return done.stdout


def component(name: str) -> Key:
    return Key("component", "artifact_store", name)


def made(root: Path) -> Path:
    """Make a remote and clones of it, which know it by a path below them."""
    bare = root / "team.git"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main")
    first = root / "0"
    filled = {"type": "artifact_store", "flavor": "s3", "description": "old", "configuration": {"path": "s3://a"}}
    documents = [
        *DEFAULTS,
        *((component(name), {"name": name, **filled}) for name in NAMES[:3]),
        (PROD, {"name": "prod", "components": {"orchestrator": "default", "artifact_store": "s0"}}),
        (ML, {"name": "ml", "members": ["default"]}),
    ]
    everything = tuple(Edit(key, None, writer.write(key.kind, data)) for key, data in documents)
    DRIVER.create(str(first), Options(), Change(everything)).close()
    git(first, "remote", "add", "origin", "../team.git")
    git(first, "push", "-q", "-u", "origin", "main")
    for number in range(1, CLONES):
        shutil.copytree(first, root / str(number))
    return root


class Team(RuleBasedStateMachine):
    """What people do at their clones."""

    template: Path
    work: Path

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.kills = 0
        self.acknowledged: set[str] = set()
        self.gone: set[str] = set()  # written over, taken away, or not chosen
        self.stores: list[LocalStore] = []

    @initialize()
    def begin(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.template, self.work)
        self.stores = [self.opened(number) for number in range(CLONES)]

    def opened(self, number: int) -> LocalStore:
        return DRIVER.open(str(self.work / str(number)), Options(mode="commit", user=f"u{number}", timeout=20))

    # --- words

    def word(self) -> str:
        self.count += 1
        return f"w{self.count}w"

    @staticmethod
    def words_of(text: str | None) -> set[str]:
        return set(WORD.findall(text or ""))

    def words_at(self, number: int) -> set[str]:
        folder = self.work / str(number)
        return {w for path in folder.rglob("*.yaml") for w in WORD.findall(path.read_text())}

    def written(self, before: str | None, after: str | None) -> None:
        """A document was written over: what was there and is no more is gone by a person's will."""
        old, new = self.words_of(before), self.words_of(after)
        self.gone |= old - new
        self.acknowledged |= new

    # --- writes

    def apply(self, number: int, key: Key, change: Callable[[Data], None]) -> None:
        store = self.stores[number]
        old = store.snapshot().text(key)
        if old is None:
            return
        data = texts.read(old)
        change(data)
        new = edit(old, data)
        with contextlib.suppress(InUse, Invalid):
            store.apply(Change((Edit(key, revision_of(key, old), new),)))
            self.written(old, new)

    @staticmethod
    def put(data: Data, field: str, value: str) -> None:
        if field in {"path", "key"}:
            data.setdefault("configuration", {})[field] = f"s3://{value}" if field == "path" else f"{{{{{value}.k}}}}"
        elif field == "description":
            data["description"] = value
        else:
            data.setdefault("labels", {})[field.rpartition(".")[2]] = value

    def set_field(self, number: int, name: str, field: str) -> None:
        self.apply(number, component(name), lambda data: self.put(data, field, self.word()))

    def unset_label(self, number: int, name: str) -> None:
        self.apply(number, component(name), lambda data: data.pop("labels", None))

    def register(self, number: int, name: str) -> None:
        text = writer.write(
            "component",
            {
                "name": name, "type": "artifact_store", "flavor": "s3",
                "configuration": {"path": f"s3://{self.word()}"},
            },
        )  # fmt: skip
        with contextlib.suppress(Exists):
            self.stores[number].apply(Change((Edit(component(name), None, text),)))
            self.written(None, text)

    def delete(self, number: int, name: str) -> None:
        store = self.stores[number]
        old = store.snapshot().text(component(name))
        with contextlib.suppress(InUse, NotFound):
            entities.delete(store, component(name))
            self.written(old, None)

    def rename(self, number: int, name: str, new: str) -> None:
        with contextlib.suppress(Exists, NotFound, Invalid):
            entities.rename(self.stores[number], component(name), new, "")

    def use_in_stack(self, number: int, name: str) -> None:
        def change(data: Data) -> None:
            data["components"]["artifact_store"] = name

        self.apply(number, PROD, change)

    def member(self, number: int, add: bool) -> None:
        """Add a user to the team, or take the last one out."""
        store = self.stores[number]
        old = store.snapshot().text(ML) or ""
        data = texts.read(old)
        edits = []
        if add:
            name = self.word()
            edits.append(Edit(Key("user", "", name), None, writer.write("user", {"name": name})))
            data["members"].append(name)
        elif len(data["members"]) > 1:
            data["members"].pop()
        new = edit(old, data)
        store.apply(Change((*edits, Edit(ML, revision_of(ML, old), new))))
        # The user stays; what counts is the member.
        self.gone |= {f"- {w}" for w in self.words_of(old) - self.words_of(new)}
        self.acknowledged |= {w for e in edits for w in self.words_of(e.text)} | {f"- {w}" for w in self.words_of(new)}

    @rule(number=clones, name=names, field=fields, commit=st.booleans())
    def by_hand(self, number: int, name: str, field: str, commit: bool) -> None:
        path = self.work / str(number) / component(name).path
        if not path.exists():
            return
        old = path.read_text()
        data = texts.read(old)
        self.put(data, field, self.word())
        new = f"# {name}\n{edit(old, data)}" if not old.startswith("#") else edit(old, data)
        path.write_text(new)
        self.written(old, new)
        if commit:
            git(self.work / str(number), "commit", "-q", "-a", "-m", "by hand")

    # --- sharing

    def guarded(self, number: int, act: Callable[[], Any]) -> bool:
        """Do something that may meet a conflict; the conflict has to be a real one."""
        try:
            act()
        except ConflictError as error:
            note(f"clone {number}: {error.message}")
            for conflict in self.stores[number].sharing().open_conflicts().conflicts:
                self.is_real(conflict)
            return False
        finally:
            self.is_tidy(number)
        return True

    @staticmethod
    def is_real(conflict: Conflict) -> None:
        if conflict.class_ == "field":
            one, ours, theirs = conflict.base, conflict.ours, conflict.theirs
            assert not same(ours, theirs), conflict
            assert one is MISSING or not (same(one, ours) or same(one, theirs)), conflict
            assert ours is not MISSING or theirs is not MISSING, conflict

    def sync(self, number: int) -> bool:
        store = self.stores[number]
        return self.guarded(number, lambda: sharing.sync(store, store.sharing(), note, commits=True))

    @rule(number=clones)
    def sync_one(self, number: int) -> None:
        self.sync(number)

    def flow(self, number: int) -> None:
        """As under a watcher: what is not in conflict is shared all the same, and the conflicts stay as they were."""
        store = self.stores[number]
        if self.sync(number):
            return
        side = store.sharing()
        before = {(c.key, c.path): (c.ours, c.theirs) for c in side.open_conflicts().conflicts}
        flowed = sharing.share_unconflicted(side, note, push=True)
        note(f"clone {number} flowed: {flowed}")
        self.is_tidy(number)
        if flowed.to:
            after = {(c.key, c.path): (c.ours, c.theirs) for c in side.open_conflicts().conflicts}
            assert flowed.stale or after == before
            for conflict in side.open_conflicts().conflicts:
                self.is_real(conflict)
        assert not profile_check.check_all(self.there()), "the remote holds"

    def there(self) -> Snapshot:
        """Return what the remote has."""
        bare = self.work / "bare"
        shutil.rmtree(bare, ignore_errors=True)
        git(self.work, "clone", "-q", "team.git", "bare")
        store = DRIVER.open(str(bare), Options(mode="commit"))
        try:
            return store.snapshot()
        finally:
            store.close()

    @rule(number=clones)
    def flow_one(self, number: int) -> None:
        self.flow(number)

    @rule(number=clones, name=names, field=fields, acts=st.lists(some_acts, min_size=2, max_size=5))
    def around_a_conflict(self, number: int, name: str, field: str, acts: list[tuple[int, str, str, str, str]]) -> None:
        """Two disagree on a field, and both go on with other things, which are shared again and again."""
        other = (number + 1) % CLONES
        self.set_field(other, name, field)
        self.sync(other)
        self.set_field(number, name, field)
        for act in acts:
            self.act(*act)
            self.flow(act[0])
            self.flow(number)

    @rule(number=clones)
    def sync_beside_git(self, number: int) -> None:
        """Where no document comes or goes, `git merge` with the merge driver gives the same bytes, or conflicts too."""
        store, folder, beside = self.stores[number], self.work / str(number), self.work / "beside"
        store.commit()
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(folder, beside)
        git(beside, "fetch", "-q")
        ours, theirs = (
            self.changed(beside, f"{commit}...{other}")
            for commit, other in (("origin/main", "HEAD"), ("HEAD", "origin/main"))
        )
        both = [path for path, how in ours.items() if how == theirs.get(path) == "M"]
        merged = self.merged_by_git(beside) if both else False

        synced = self.sync(number)

        if git(folder, "for-each-ref", "refs/zenprofile/met"):
            return  # both have come closer since, which git does not know
        if both and not {"D", "A"} & {*ours.values(), *theirs.values()}:
            classes = {conflict.class_ for conflict in store.sharing().open_conflicts().conflicts}
            assert merged == synced or classes & {"reference", "name"}, (merged, classes)
            for path in both if synced else ():
                assert (beside / path).read_bytes() == (folder / path).read_bytes(), path

    @staticmethod
    def changed(folder: Path, span: str) -> dict[str, str]:
        rows = git(folder, "diff", "--name-status", "--no-renames", span).splitlines()
        return {path: how for how, _, path in (row.partition("\t") for row in rows)}

    @staticmethod
    def merged_by_git(folder: Path) -> bool:
        attributes = "".join(f"{kind.folder}/**/*.yaml merge=zenprofile\n" for kind in KINDS.values())
        (folder / ".git" / "info").mkdir(exist_ok=True)
        (folder / ".git" / "info" / "attributes").write_text(attributes)
        words = ["-c", f"merge.zenprofile.driver={merge_driver_setup.command()}", "merge", "-q", "-X", "no-renames"]
        done = subprocess.run(["git", *words, "origin/main"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return not done.returncode

    @rule(number=clones)
    def pull(self, number: int) -> None:
        self.guarded(number, self.stores[number].sharing().pull)

    @rule(number=clones)
    def offline(self, number: int) -> None:
        (self.work / "team.git").rename(self.work / "away")
        try:
            with pytest.raises(ZenprofileError):
                sharing.sync(self.stores[number], self.stores[number].sharing(), note, commits=True)
        finally:
            (self.work / "away").rename(self.work / "team.git")

    @rule(number=clones, side=sides, which=st.integers(0, 3))
    def resolve(self, number: int, side: str, which: int) -> None:
        self.settle(number, side, which)

    def settle(self, number: int, side: Any, which: int) -> None:
        store = self.stores[number]
        side_ = store.sharing()
        found = side_.open_conflicts().conflicts
        if not found:
            return
        conflict = found[which % len(found)]
        note(f"clone {number} settles {conflict} by {side}")
        commits = {"ours": store.head(), "theirs": side_.open_conflicts().theirs}
        lost = self.loses(number, conflict, side, commits)
        if self.guarded(number, lambda: sharing.resolve(side_, conflict.key, "", side)):
            self.gone |= lost

    def loses(self, number: int, conflict: Conflict, side: str, commits: dict[str, str]) -> set[str]:
        """Return the words that a choice gives up: all of an entity's conflicts are settled by it."""
        other = "theirs" if side == "ours" else "ours"
        rows = [c for c in self.stores[number].sharing().open_conflicts().conflicts if c.key == conflict.key]
        lost: set[str] = set()
        for row in rows:
            if row.class_ == "field" and row.path:
                lost |= self.words_of(str(getattr(row, other)))
                continue
            # Whole documents: of every spelling, and of what it refers to.
            for name in {*NAMES, row.key.name}:
                with contextlib.suppress(AssertionError):
                    where = row.key._replace(name=name).path
                    lost |= self.words_of(git(self.work / str(number), "show", f"{commits[other]}:{where}"))
        return lost

    @precondition(lambda self: self.kills < 2)
    @rule(number=clones, at=st.integers(1, 60), name=names, flows=st.booleans())
    def kill(self, number: int, at: int, name: str, flows: bool) -> None:
        """A process that writes and syncs is killed at a step; what it had not said is nobody's loss."""
        self.kills += 1
        word = self.word()
        key = component(name)
        path = self.work / str(number) / key.path
        before = path.read_text() if path.exists() else None
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                store = self.opened(number)
                kill_at(at)
                if before is not None:
                    data = texts.read(before)
                    self.put(data, "description", word)
                    store.apply(Change((Edit(key, revision_of(key, before), edit(before, data)),)))
                side = store.sharing()
                with contextlib.suppress(ConflictError):
                    sharing.sync(store, side, lambda _: None, commits=True)
                if flows and side.open_conflicts().conflicts:
                    sharing.share_unconflicted(side, lambda _: None, push=True)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        self.stores[number].close()
        self.stores[number] = self.opened(number)
        self.is_tidy(number)
        after = path.read_text() if path.exists() else None
        if before is not None and word in (after or ""):
            # It was written; what a sync brought beside it is not of our making.
            old = texts.read(before).get("description", "")
            self.gone |= self.words_of(str(old))
            self.acknowledged.add(word)

    @rule(acts=st.lists(some_acts, min_size=3, max_size=6), how=ways)
    def meanwhile(self, acts: list[tuple[int, str, str, str, str]], how: str) -> None:
        """Several write before anybody syncs; then all of them sync."""
        for act in acts:
            self.act(*act)
        for number in dict.fromkeys(number for number, *_ in acts):
            getattr(self, how)(number)

    def act(self, number: int, act: str, name: str, new: str, field: str) -> None:
        if act == "set":
            self.set_field(number, name, field)
        elif act == "rename":
            self.rename(number, name, new)
        elif act == "use":
            self.use_in_stack(number, name)
        elif act == "member":
            self.member(number, name != "s0")
        else:
            getattr(self, act)(number, name)

    # --- what must hold

    def is_tidy(self, number: int) -> None:
        folder = self.work / str(number)
        left = [p.name for p in (folder / ".git").rglob("*.lock")]
        left += [name for name in ("MERGE_HEAD", "zenprofile/journal") if (folder / ".git" / name).exists()]
        assert not left, left
        assert not profile_check.check_all(self.stores[number].snapshot()), profile_check.check_all(
            self.stores[number].snapshot()
        )

    def teardown(self) -> None:
        if not self.stores:
            return
        try:
            self.quiet()
        finally:
            for store in self.stores:
                store.close()

    def quiet(self) -> None:
        """Nobody writes any more: after a few rounds all have the same, and every word that nobody gave up."""
        for _ in range(12):
            for number in range(CLONES):
                while not self.sync(number):
                    assert self.stores[number].sharing().open_conflicts().conflicts, "stuck without a conflict"
                    self.settle(number, "ours", 0)
            if len({store.head() for store in self.stores}) == 1:
                break
        assert len({store.head() for store in self.stores}) == 1, "they do not agree"
        for number in range(CLONES):
            folder = self.work / str(number)
            assert git(folder, "status", "--porcelain") == ""
            git(folder, "fsck", "--strict")
        there = self.words_at(0)
        members = texts.read((self.work / "0" / ML.path).read_text())["members"]
        lost = {
            word
            for word in self.acknowledged - self.gone
            if (word[2:] not in members if word.startswith("- ") else word not in there)
        }
        assert not lost, f"lost: {sorted(lost)}"


def kill_at(step: int) -> None:
    """Kill this process at the so-many-th thing that it does to the disk, or process that it starts."""
    left = [step]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return act

    for name in ("rename", "unlink", "mkdir", "rmdir", "fsync", "write"):
        setattr(os, name, counted(getattr(os, name)))
    subprocess.Popen.__init__ = counted(subprocess.Popen.__init__)  # type: ignore[method-assign]


@pytest.fixture
def model(tmp_path: Path) -> Iterator[type[Team]]:
    """Give the model with folders of its own."""
    place = {"template": made(tmp_path / "template"), "work": tmp_path / "work"}
    yield type("Model", (Team,), place)
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_all_agree_in_the_end(model: type[Team]) -> None:
    run_state_machine_as_test(
        model,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINK else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )

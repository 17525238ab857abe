"""The watcher's state machine, on a clock that the tests set: whatever happens, in any order, its promises hold."""

from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.watch import machine
from zenprofile.watch.events import (
    Action,
    Commit,
    Committed,
    Confirm,
    Event,
    Exit,
    Failed,
    Gate,
    Hint,
    Look,
    Looked,
    Moved,
    Policy,
    Remote,
    Scan,
    Scanned,
    Stop,
    Sync,
    Synced,
    Tick,
    Trigger,
)
from zenprofile.watch.machine import WatcherState

POLICY = Policy()
BUSY = Gate("a rebase is under way", "git rebase --continue")


class Clock:
    """A watcher whose world answers as told, on a clock of its own.

    Attributes:
        done: every action, with its time.
        answers: what an action of a class comes to; the last one stays.
    """

    def __init__(self, policy: Policy = POLICY, *, shared: bool = True, chance: float = 0.5) -> None:
        self.policy, self.now, self.chance = policy, 1000.0, chance
        self.state = machine.begin(self.now, shared=shared)
        self.done: list[tuple[float, Action]] = []
        self.answers: dict[type, list[Event]] = {
            Scan: [Scanned("")],
            Commit: [Committed()],
            Sync: [Synced()],
            Look: [Looked(differs=False)],
        }
        self.ended = False

    def tell(self, event: Event) -> None:
        """Tell of an event, and answer what is asked for until that is nothing."""
        self.state, action = machine.step(self.policy, self.state, event, self.now, self.chance)
        for _ in range(20):
            if action is None or self.ended:
                return
            self.done.append((self.now, action))
            self.ended = isinstance(action, Exit)
            if self.ended:
                return
            answers = self.answers[type(action)]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.state, action = machine.step(self.policy, self.state, answer, self.now, self.chance)
        raise AssertionError("it goes round and round")

    def passes(self, seconds: float) -> None:
        """Let time pass, with a tick whenever something is due."""
        until = self.now + seconds
        while not self.ended:
            due = machine.due(self.policy, self.state)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self.tell(Tick())
            later = machine.due(self.policy, self.state)
            assert later is None or later > self.now, "a busy loop"
        self.now = max(self.now, until)

    def count(self, kind: type) -> int:
        """Return how many actions of a class were asked for."""
        return sum(isinstance(action, kind) for _, action in self.done)

    def settled(self) -> "Clock":
        """Let it start, look and sync, and forget that."""
        self.passes(5)
        self.done.clear()
        return self

    @property
    def word(self) -> str:
        return machine.view(self.policy, self.state).state


def test_it_begins_with_a_look_at_everything() -> None:
    clock = Clock()
    clock.passes(1)

    assert [type(action) for _, action in clock.done] == [Scan, Sync]


def test_a_save_is_committed_and_pushed_once_it_is_quiet() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("a"), Scanned("")]
    began = clock.now

    for _ in range(4):
        clock.tell(Hint(clock.now))
        assert clock.word == "settling"
        clock.passes(0.3)
    clock.passes(10)

    assert [type(action) for _, action in clock.done] == [Scan, Commit, Sync]
    assert [when for when, _ in clock.done] == pytest.approx([began + 1.4] * 3)


def test_a_change_that_never_ends_is_committed_after_the_longest_wait() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("a")]
    began = clock.now

    for _ in range(60):
        clock.tell(Hint(clock.now))
        clock.passes(0.1)

    assert clock.done[0][0] == pytest.approx(began + 5)
    assert [type(action) for _, action in clock.done[:2]] == [Scan, Commit]


def test_what_is_invalid_is_looked_at_twice_then_held_and_told() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("half", problem="stacks/a.yaml:1:1: no mapping")]

    clock.tell(Hint(clock.now))
    clock.passes(0.7)
    assert clock.word == "watching"
    clock.passes(0.5)

    assert clock.word == "held"
    assert clock.count(Commit) == 0
    clock.answers[Scan] = [Scanned("whole")]
    clock.tell(Hint(clock.now))
    clock.passes(1)
    assert clock.word == "watching"
    assert clock.count(Commit) == 1


def test_half_written_files_that_become_whole_are_never_called_held() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("half", problem="no mapping"), Scanned("whole")]

    clock.tell(Hint(clock.now))
    clock.passes(3)

    assert clock.count(Commit) == 1


def test_a_deletion_needs_two_looks_a_second_apart() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("gone", ("stacks/a.yaml",), 5)]

    clock.tell(Hint(clock.now))
    clock.passes(5)

    times = [when for when, action in clock.done if isinstance(action, Scan)]
    assert times[1] - times[0] >= 1
    assert [type(a) for _, a in clock.done] == [Scan, Scan, Commit, Sync]


def test_a_file_that_an_editor_takes_away_for_a_moment_is_no_deletion() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("gone", ("stacks/a.yaml",), 5), Scanned("edited")]

    clock.tell(Hint(clock.now))
    clock.passes(5)

    assert [a for _, a in clock.done if isinstance(a, Commit)] == [Commit("edited")]


def test_a_mass_deletion_waits_for_a_person_or_for_the_files() -> None:
    gone = tuple(f"stacks/{n}.yaml" for n in range(4))
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("gone", gone, 7)]
    clock.tell(Hint(clock.now))
    clock.passes(3600)

    assert (clock.word, clock.count(Commit)) == ("held", 0)
    assert clock.state.held
    clock.tell(Confirm("of other files"))
    clock.passes(5)
    assert clock.count(Commit) == 0
    clock.tell(Confirm(clock.state.held.mark))
    clock.passes(5)
    assert (clock.word, clock.count(Commit)) == ("watching", 1)

    back = Clock().settled()
    back.answers[Scan] = [Scanned("gone", gone, 7), Scanned("gone", gone, 7), Scanned("")]
    back.tell(Hint(back.now))
    back.passes(3)
    back.tell(Hint(back.now))
    back.passes(3)
    assert (back.word, back.count(Commit)) == ("watching", 0)


@pytest.mark.parametrize(("removed", "documents", "held"), [(3, 6, False), (4, 6, True), (5, 5, False), (6, 11, True)])
def test_what_a_mass_deletion_is(removed: int, documents: int, held: bool) -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("gone", tuple(map(str, range(removed))), documents)]
    clock.tell(Hint(clock.now))
    clock.passes(5)
    assert (clock.word == "held") is held


def test_an_hour_offline_is_few_tries_and_then_a_sync() -> None:
    clock = Clock().settled()
    clock.answers[Sync] = [Failed("offline", "nobody answers", "zenprofile sync")]
    clock.answers[Look] = [Failed("offline", "nobody answers", "zenprofile sync")]
    clock.answers[Scan] = [Scanned("a"), Scanned("", unpushed=True)]
    clock.tell(Hint(clock.now))
    clock.passes(3600)

    assert clock.word == "offline"
    assert 15 <= clock.count(Sync) <= 30
    clock.answers[Sync] = [Synced()]
    clock.passes(machine.LAST_RETRY * 1.2)
    assert clock.word == "watching"
    assert not clock.state.wanted


def test_edits_are_committed_while_it_is_offline() -> None:
    clock = Clock().settled()
    clock.answers[Sync] = [Failed("offline", "nobody answers")]
    for mark in "abc":
        clock.answers[Scan] = [Scanned(mark), Scanned("", unpushed=True)]
        clock.tell(Hint(clock.now))
        clock.passes(30)

    assert [a for _, a in clock.done if isinstance(a, Commit)] == [Commit(mark) for mark in "abc"]


def test_a_login_that_is_refused_is_not_tried_again_by_itself() -> None:
    clock = Clock()
    clock.answers[Sync] = [Failed("blocked", "the login was refused", "fix access")]
    clock.answers[Scan] = [Scanned("", unpushed=True)]
    clock.passes(86400)

    assert (clock.word, clock.count(Sync), clock.count(Look)) == ("blocked", 1, 0)
    clock.tell(Trigger())
    clock.passes(86400)
    assert clock.count(Sync) == 2


def test_a_conflict_waits_for_a_change_and_edits_go_on_being_committed() -> None:
    clock = Clock()
    clock.answers[Sync] = [Failed("conflict", "1 conflict to settle: stack/a", "zenprofile conflicts")]
    clock.answers[Scan] = [Scanned("", unpushed=True)]
    clock.passes(600)
    assert (clock.word, clock.count(Sync)) == ("conflict", 1)
    assert clock.count(Look) > 5

    clock.answers[Look] = [Looked(differs=True), Looked(differs=False)]
    clock.passes(100)
    assert clock.count(Sync) == 2
    clock.answers[Scan] = [Scanned("b"), Scanned("", unpushed=True)]
    clock.tell(Hint(clock.now))
    clock.passes(5)
    assert (clock.count(Commit), clock.count(Sync)) == (1, 3)
    clock.answers[Sync] = [Synced()]
    clock.tell(Moved())
    assert clock.word == "watching"


def test_nothing_is_done_while_git_is_in_the_middle_of_something() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("a"), Scanned("")]
    clock.tell(BUSY)
    clock.tell(Hint(clock.now))
    clock.passes(3600)
    assert (clock.word, clock.done) == ("paused", [])

    clock.tell(Gate(""))
    assert [type(action) for _, action in clock.done][:2] == [Scan, Commit]


def test_at_the_end_what_was_saved_is_committed_and_nothing_begun() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("a")]
    clock.tell(Hint(clock.now))
    clock.tell(Stop())

    assert [type(action) for _, action in clock.done] == [Scan, Commit, Exit]


def test_at_the_end_it_looks_once_for_what_no_event_has_told_yet() -> None:
    clock = Clock().settled()
    clock.answers[Scan] = [Scanned("a"), Scanned("")]
    clock.tell(Stop())

    assert [type(action) for _, action in clock.done] == [Scan, Commit, Exit]


@pytest.mark.parametrize(
    ("policy", "actions"),
    [
        (Policy(commits=False, pushes=False), {Scan, Look, Sync}),
        (Policy(pushes=False), {Scan, Commit, Sync, Look}),
    ],
)
def test_a_policy_holds_back(policy: Policy, actions: set[type]) -> None:
    clock = Clock(policy)
    clock.answers[Scan] = [Scanned("a", unpushed=True)]
    clock.tell(Hint(clock.now))
    clock.passes(300)

    assert {type(action) for _, action in clock.done} <= actions
    assert Sync(push=True) not in [action for _, action in clock.done]


def test_pushes_keep_their_distance() -> None:
    clock = Clock(Policy(push_every=300.0)).settled()
    for number in range(20):
        clock.answers[Scan] = [Scanned(str(number))]
        clock.tell(Hint(clock.now))
        clock.passes(30)

    assert clock.count(Commit) == 20
    assert clock.count(Sync) <= 3


def test_without_a_remote_it_only_commits() -> None:
    clock = Clock(shared=False)
    clock.answers[Scan] = [Scanned("a"), Scanned("", unpushed=True)]
    clock.passes(600)
    assert (clock.count(Commit), clock.count(Sync), clock.count(Look)) == (1, 0, 0)
    clock.tell(Remote(exists=True))
    assert clock.count(Sync) == 1


def test_it_rests_after_one_round() -> None:
    clock = Clock()
    assert not machine.is_at_rest(POLICY, clock.state, clock.now)
    clock.answers[Scan] = [Scanned("x", ("stacks/a.yaml",), 3), Scanned("x", ("stacks/a.yaml",), 3), Scanned("")]
    clock.passes(0.6)
    assert not machine.is_at_rest(POLICY, clock.state, clock.now)
    clock.passes(1.1)
    assert machine.is_at_rest(POLICY, clock.state, clock.now)


# Whatever happens -----------------------------------------------------------------------------------------------------

KINDS = ("stale", "invalid", "paused", "broken", "offline", "blocked", "conflict", "refused", "busy", "stopped")
FAILED = st.builds(Failed, st.sampled_from(KINDS), st.just("why"), st.just("what to do"))
SCANNED = st.builds(
    Scanned,
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([(), ("1",), ("1", "2", "3", "4")]),
    st.sampled_from([3, 6, 50]),
    st.sampled_from(["", "", "invalid"]),
    st.just(""),
    st.booleans(),
)
ANSWERS: dict[type, st.SearchStrategy[Any]] = {
    Scan: st.one_of(SCANNED, SCANNED, FAILED),
    Commit: st.one_of(st.just(Committed()), FAILED),
    Sync: st.one_of(st.just(Synced()), FAILED),
    Look: st.one_of(st.builds(Looked, st.booleans()), FAILED),
}
OUTSIDE = st.one_of(
    st.just("hint"),
    st.just("hint"),
    st.floats(0, 400),
    st.sampled_from([BUSY, Gate("")]),
    st.just(Trigger()),
    st.just(Moved()),
    st.builds(Remote, st.booleans()),
    st.builds(Confirm, st.sampled_from(["a", machine._mark(("1", "2", "3", "4"))])),
)


class Machine:
    """A watcher to which anything happens; each step is held against the promises."""

    def __init__(self, data: st.DataObject) -> None:
        self.data, self.now, self.hinted = data, 1000.0, 1000.0
        policies = [POLICY, Policy(pushes=False), Policy(commits=False), Policy(push_every=60)]
        self.policy = data.draw(st.sampled_from(policies))
        self.state = machine.begin(self.now, shared=True)
        self.scanned: Scanned | None = None

    def event(self) -> Event:
        """Draw what happens next: often the outcome of what is being done."""
        if self.state.doing is not None and self.data.draw(st.booleans()):
            answer: Event = self.data.draw(ANSWERS[type(self.state.doing)])
            self.scanned = answer if isinstance(answer, Scanned) else self.scanned
            return answer
        drawn = self.data.draw(OUTSIDE)
        if isinstance(drawn, float):
            self.now += drawn
            return Tick()
        if drawn == "hint":
            self.hinted = self.now
            return Hint(self.now)
        return drawn  # type: ignore[no-any-return]

    def step(self) -> None:
        """Take one step, and judge it."""
        event, before = self.event(), self.state
        self.state, asked = machine.step(self.policy, before, event, self.now, self.data.draw(st.floats(0, 1)))
        answered = isinstance(event, Scanned | Committed | Synced | Looked | Failed)
        assert before.doing is None or answered or asked is None, "one action at a time"
        assert asked is None or not self.state.gate.closed, "nothing is done while git is in the middle of something"
        if isinstance(asked, Commit):
            self.commits(asked)
        if isinstance(asked, Scan):
            self.scans(before)
        if isinstance(asked, Sync):
            assert asked.push <= self.policy.pushes
            freed = isinstance(event, Trigger | Moved | Remote)
            assert before.waits is None or before.waits.kind != "blocked" or freed
        _is_told(self.policy, self.state)

    def commits(self, asked: Commit) -> None:
        """Judge a commit: it is of what was looked at last, and of nothing that is held."""
        assert self.policy.commits
        assert self.scanned is not None
        assert self.scanned.mark == asked.mark
        assert not self.scanned.problem
        assert not (len(self.scanned.removed) == 4 and self.scanned.documents == 6) or self.state.confirmed

    def scans(self, before: WatcherState) -> None:
        """Judge a look: it comes when files are quiet, or have changed for too long."""
        if before.first is not None and before.doing is None:
            assert self.now >= min(self.hinted + self.policy.quiet, before.first + self.policy.longest)


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_its_promises_hold_whatever_happens(data: st.DataObject) -> None:
    watcher = Machine(data)
    for _ in range(data.draw(st.integers(1, 40))):
        watcher.step()


def _is_told(policy: Policy, state: WatcherState) -> None:
    view = machine.view(policy, state)
    if state.gate.closed:
        assert view.state == "paused"
    elif state.held is not None or state.waits is not None:
        assert view.state not in {"watching", "settling"}
        assert view.reason


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*KINDS, "fine"]), st.floats(0, 200)), max_size=20), st.floats(0, 1))
def test_once_the_world_is_well_everything_is_committed_and_shared(
    failures: list[tuple[str, float]], chance: float
) -> None:
    clock = Clock(chance=chance)
    for kind, seconds in failures:
        trouble = [Failed(kind, "why")] if kind != "fine" else []
        clock.answers.update(
            {Scan: [*trouble, Scanned("x")], Commit: [*trouble, Committed()], Sync: [*trouble, Synced()]}
        )
        clock.tell(Hint(clock.now))
        clock.passes(seconds)
    clock.done.clear()
    clock.answers = {
        Scan: [Scanned("last"), Scanned("")],
        Commit: [Committed()],
        Sync: [Synced()],
        Look: [Looked(False)],
    }
    clock.tell(Hint(clock.now))
    clock.tell(Trigger())  # where a login was refused, somebody has to say that it is mended
    clock.passes(machine.LAST_RETRY * 1.3)

    assert [a for _, a in clock.done if isinstance(a, Commit)] == [Commit("last")]
    assert clock.word == "watching"
    assert not clock.state.wanted

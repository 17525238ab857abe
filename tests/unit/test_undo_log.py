"""Which changes stand, and which can be done again, told from what each of them takes back."""

from hypothesis import given
from hypothesis import strategies as st

from zenprofile.store.undo import redoable_ids, standing_ids

WORDS = st.lists(st.sampled_from(["change", "undo", "redo"]), max_size=40)


@given(WORDS)
def test_undo_and_redo_go_to_and_fro_as_in_an_editor(words: list[str]) -> None:
    """An editor keeps two stacks; the log keeps nothing but what each record takes back."""
    log: list[tuple[str, str]] = []
    done: list[str] = []
    undone: list[str] = []
    for word in words:
        number = str(len(log))
        if word == "change":
            log.append((number, ""))
            done.append(number)
            undone.clear()
        elif word == "undo" and done:
            assert next(standing_ids(reversed(log))) == done[-1]
            log.append((number, done[-1]))
            undone.append(done.pop())
        elif word == "redo" and undone:
            taken = next(redoable_ids(reversed(log)))
            assert dict(log)[taken] == undone[-1]
            log.append((number, taken))
            done.append(undone.pop())

    assert list(standing_ids(reversed(log))) == done[::-1]
    assert [dict(log)[number] for number in redoable_ids(reversed(log))] == undone[::-1]


def test_a_change_that_came_between_an_undo_and_its_redo_ends_nothing_wrongly() -> None:
    log = [("1", ""), ("2", "1"), ("3", ""), ("4", "2")]

    assert list(redoable_ids(reversed(log))) == []
    assert list(standing_ids(reversed(log))) == ["3", "1"]

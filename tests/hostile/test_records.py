"""What zenprofile keeps in a git folder, as a copied one may hold it: of wrong types, another's, folders for files."""

import json
from pathlib import Path
from typing import Any

import pytest

ROWS: tuple[Any, ...] = (
    *(None, 7, "x", [], {}, [[]], [7], {"format": 1}),
    {"ours": 1, "theirs": 2, "conflicts": [], "settled": [], "whole": [], "accepted": True},
    {"ours": "--output=x", "theirs": "--help", "conflicts": [], "settled": [], "whole": [], "accepted": True},
    {"ours": "", "theirs": "d" * 40, "conflicts": [], "settled": [], "whole": [], "accepted": True},
    {
        "ours": "", "theirs": "",
        "conflicts": [{"key": [[], 1, {}], "path": 7, "class": 1, "detail": []}],
        "settled": [], "whole": [], "accepted": 0,
    },
    {
        "ours": "", "theirs": "", "settled": [], "whole": [["stack", "", "../../x"], 1, 2, 3], "accepted": 0,
        "conflicts": [{"key": ["stack", "", "../../x"], "path": [{}], "class": [], "detail": None, "ours": {}}],
    },
    {"state": 1, "detail": [], "when": 10**30},
    {"state": "offline", "detail": {"a": 1}, "when": -(10**30)},
    {"commit": "HEAD", "tree": "TREE", "problems": 7},
    {"commit": "HEAD", "tree": "TREE", "problems": [[1, 2], {}, ["f", "l", 0, "", "", "", ""]]},
    {"refs/remotes/origin/main": 1, "x": "--help"},
    {"refs/remotes/origin/main": "--help"},
)  # fmt: skip
COMMANDS = ("status -o json", "conflicts", "stack list", "user create eve", "validate")


@pytest.mark.parametrize("name", ["conflicts.json", "state.json", "verdict.json", "seen.json", "journal"])
def test_records_of_wrong_types_are_no_mistake(run, folder: Path, name: str) -> None:
    run("status")
    own = folder / ".git" / "zenprofile"
    kept = json.loads((own / "verdict.json").read_text())
    for rows in ROWS:
        row = rows
        if isinstance(rows, dict):  # the right place, the wrong content
            row = {**rows, **{key: kept[key] for key in ("commit", "tree") if key in rows}}
        for line in COMMANDS[:3]:
            (own / name).write_text(json.dumps(row))
            assert "mistake" not in run(line).err, row
    (own / name).write_text(json.dumps(ROWS[-1]))
    run("user create eve")
    assert run("undo").out


@pytest.mark.parametrize(
    "name", ["conflicts.json", "state.json", "verdict.json", "seen.json", "journal", "journal.damaged"]
)
def test_a_folder_in_the_place_of_a_record_is_no_mistake(run, folder: Path, name: str) -> None:
    own = folder / ".git" / "zenprofile"
    (own / name).unlink(missing_ok=True)
    (own / name / "inner").mkdir(parents=True)
    (own / name / "inner" / "file").touch()
    if name == "journal.damaged":
        (own / "journal").write_text("{")

    for line in COMMANDS:
        assert "mistake" not in run(line).err, line
    assert "eve" in run("user list").out


def test_a_traceback_is_not_written_through_a_link(run, folder: Path, tmp_path: Path, monkeypatch) -> None:
    import os

    from zenprofile.machine.profiles import config_folder

    errors = Path(config_folder()) / "errors"
    errors.mkdir()
    (tmp_path / "victim").write_text("mine")
    (errors / f"traceback-{os.getpid()}.txt").symlink_to(tmp_path / "victim")
    monkeypatch.setattr("zenprofile.usecases.stacks.register", None)

    run("stack register x -o default", fails=1)

    assert (tmp_path / "victim").read_text() == "mine"
    assert "Traceback" in (errors / f"traceback-{os.getpid()}.txt").read_text()

"""The first hour of somebody who knows git, kubectl and gh, and has read nothing: no line is a dead end.

What they type by habit works. What does not is one error, and what its hint says to type works.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest


class Said(NamedTuple):
    status: int
    out: str
    err: str


class Newcomer:
    """A person at a shell in an empty home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "PYTHON_KEYRING_BACKEND", "LC_ALL") if name in os.environ}
        self.environment = {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "EDITOR": "true"}
        (home / ".gitconfig").write_text(
            "[user]\n\tname = New\n\temail = new@example.com\n[init]\n\tdefaultBranch = main\n", encoding="utf-8"
        )

    def types(self, line: str) -> Said:
        words = shlex.split(line)
        assert words.pop(0) == "zenprofile"
        done = subprocess.run(
            [sys.executable, "-m", "zenprofile", *words],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, line
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path / "home")


# What is typed, and what it prints; where it is refused, the hint, and what is typed then (which works).
HOUR: list[tuple[str, str] | tuple[str, str, str]] = [
    ("zenprofile -V", "write --version", "zenprofile --version"),
    ("zenprofile stats", "did you mean 'status'?", "zenprofile status"),
    ("zenprofile get stacks", "default"),
    ("zenprofile stacks", "default"),
    ("zenprofile stack ls", "default"),
    ("zenprofile profile list", "default"),
    ("zenprofile clone git@github.com:acme/stacks.git", "zenprofile create NAME --url", "zenprofile create work"),
    ("zenprofile new team", "zenprofile create NAME", "zenprofile create team"),
    ("zenprofile create mine ./stacks", "write --url ./stacks", "zenprofile create mine --url ./stacks"),
    ("zenprofile use work", "Active profile changed to: 'work'"),
    ("zenprofile checkout team", "zenprofile set NAME", "zenprofile set team"),
    ("zenprofile set taem", "did you mean 'team'?", "zenprofile set team"),
    (
        "zenprofile component add s3",
        "such as --type artifact_store",
        "zenprofile component add s3 --type artifact_store --flavor s3 --set path=s3://b",
    ),
    ("zenprofile component register g --type artifact-store", "zenprofile flavor list --type artifact_store", ""),
    ("zenprofile component register g --type artifact-stor --flavor gcp", "did you mean 'artifact_store'?", ""),
    ("zenprofile component register g -t artifact_store -f gs", "zenprofile flavor list --type artifact_store", ""),
    ("zenprofile component register g -t artifact_store -f gcp", "add --set path=VALUE", ""),
    ("zenprofile component register g -t artifact_store -f gcp --path gs://b", "--set path=VALUE", ""),
    ("zenprofile component register g -t artifact_store -f gcp --set path gs://b", "write --set path=gs://b", ""),
    (
        "zenprofile component register g -t artifact_store -f gcp path=gs://b",
        "write --set path=gs://b",
        "zenprofile component register g -t artifact_store -f gcp --set path=gs://b",
    ),
    ("zenprofile component get s3", "s3://b"),
    ("zenprofile get component s3 -o yaml", "path: s3://b"),
    ("zenprofile describe component/artifact_store/s3", "s3://b"),
    ("zenprofile component set s3 path=s3://c", "zenprofile component update NAME --set KEY=VALUE", ""),
    (
        "zenprofile component update s3 path=s3://c",
        "--set path=s3://c",
        "zenprofile component update s3 --set path=s3://c",
    ),
    ("zenprofile component edit s3", "zenprofile edit ENTITY", ""),
    ("zenprofile component describe s33", "did you mean 's3'?", "zenprofile component describe s3"),
    ("zenprofile component describe nothing", "zenprofile component list", "zenprofile component list"),
    ("zenprofile component list nothing", "no component fits nothing"),
    (
        "zenprofile stack create prod -o defualt -a s3",
        "did you mean 'default'?",
        "zenprofile stack create prod -o default -a s3",
    ),
    ("zenprofile stack activate prod", "Active stack set to: 'prod'"),
    ("zenprofile stack show", "s3://c"),
    ("zenprofile stack get prod", "zenprofile stack describe prod", "zenprofile stack describe prod"),
    ("zenprofile describe stack prod", "s3://c"),
    ("zenprofile delete component g", "Deleted stack component"),
    ("zenprofile undo", "add artifact_store g"),
    ("zenprofile redo", "delete artifact_store g"),
    ("zenprofile rm g", "zenprofile component delete NAME", ""),
    ("zenprofile component remove s3", "zenprofile component delete NAME", ""),
    ("zenprofile component rm s3", "in use by stack prod", ""),
    ("zenprofile log -2", "Redo: delete artifact_store g"),
    ("zenprofile log --oneline", "add stack prod"),
    ("zenprofile history", "add stack prod"),
    ("zenprofile diff HEAD~1 HEAD", "component/artifact_store/g"),
    ("zenprofile show HEAD~99", "see: zenprofile log", "zenprofile log"),
    ("zenprofile restore stack/prod", "such as --to HEAD~1", "zenprofile restore stack/prod --to HEAD~1"),
    ("zenprofile reset", "zenprofile undo", ""),
    ("zenprofile fetch", "zenprofile remote set URL", ""),
    ("zenprofile remote add origin ../team.git", "zenprofile remote set URL", ""),
    ("zenprofile apply stack.yaml", "write -f FILE", ""),
    ("zenprofile edit stack/prod", "nothing was saved", ""),
    ("zenprofile config list", "zenprofile config shows", "zenprofile config"),
    ("zenprofile user add ada", "Created user"),
    ("zenprofile team create ml --user ad", "did you mean 'ada'?", "zenprofile team create ml --user ada"),
    ("zenprofile team add ml ada", "write --user NAME", "zenprofile team add ml --user ada"),
    ("zenprofile whoami", "zenprofile user get", "zenprofile user get"),
    ("zenprofile help stac", "did you mean 'stack'?", "zenprofile help stack"),
    ("zenprofile stack delete prod", "zenprofile stack set NAME", "zenprofile stack set default"),
    ("zenprofile stack rm prod", "Deleted stack"),
    ("zenprofile delete nothing", "zenprofile list", "zenprofile list"),
]


def test_the_first_hour_has_no_dead_end(newcomer: Newcomer) -> None:
    for typed, shown, *then in HOUR:
        said = newcomer.types(typed)
        assert shown in said.out + said.err, f"$ {typed}\n{said.out}{said.err}"
        errors = [line for line in said.err.splitlines() if line.startswith("Error: ")]
        assert len(errors) == (1 if then else 0), f"$ {typed}\n{said.err}"
        assert (said.status != 0) == bool(then), typed
        if then and then[0]:
            done = newcomer.types(then[0])
            assert done.status == 0, f"$ {then[0]}\n{done.out}{done.err}"


def test_a_habit_never_stands_in_the_way_of_a_profile_s_name(newcomer: Newcomer) -> None:
    for name in ("stack", "components", "ls", "profile"):
        assert newcomer.types(f"zenprofile create {name}").status == 0
        assert f"'{name}' Profile" in newcomer.types(f"zenprofile describe {name}").out
    assert newcomer.types("zenprofile rename stack stacks").status == 0
    assert newcomer.types("zenprofile delete stacks").status == 0
    assert '"name": "components"' in newcomer.types("zenprofile list -o json").out

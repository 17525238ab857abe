"""Commands run in this process, on a profile of each kind of store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from machines import Done

from zenprofile.cli.main import main
from zenprofile.machine.profiles import Profiles
from zenprofile.usecases import profiles as usecase

Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give what runs a command line, in an empty current folder.

    Without ``fails`` the command has to succeed; with None it may or may not.
    """
    monkeypatch.chdir(tmp_path)

    def command(line: str, *arguments: str, fails: int | None = 0) -> Done:
        capsys.readouterr()
        status = main([*line.split(), *arguments])
        out, err = capsys.readouterr()
        assert fails in {None, status}, f"{line}: {out}{err}"
        assert "Traceback" not in err
        return Done(status, out, err)

    return command


def _made(kind: str) -> None:
    usecase.create(Profiles(), usecase.CreateOptions("p", "", kind), 30.0)
    with Profiles().edit() as state:
        state.active = "p"


@pytest.fixture(params=["local", "sql"])
def profile(request: pytest.FixtureRequest, run: Run) -> str:
    """Make a profile with the defaults the active one, in each kind of store; returns the kind."""
    _made(request.param)
    return str(request.param)


@pytest.fixture
def folder(run: Run) -> Path:
    """Make a local profile the active one; returns its folder."""
    _made("local")
    return Path(Profiles().folder) / "profiles" / "p"

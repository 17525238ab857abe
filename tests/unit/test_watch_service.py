"""What a watcher is installed as where there is no systemd to ask."""

import plistlib

import pytest

from zenprofile.watch import service


def test_the_agent_of_launchd_runs_where_the_profile_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENPROFILE_CONFIG_DIR", "/Users/a & b/zenprofile")

    agent = plistlib.loads(service.agent("team", ["/opt/python", "-m", "zenprofile", "watch"], "/srv/<team>").encode())

    assert agent["Label"] == "org.zenprofile.watch.team"
    assert agent["ProgramArguments"] == ["/opt/python", "-m", "zenprofile", "watch"]
    assert agent["WorkingDirectory"] == "/srv/<team>"
    assert agent["EnvironmentVariables"]["ZENPROFILE_CONFIG_DIR"] == "/Users/a & b/zenprofile"
    assert agent["KeepAlive"] == {"SuccessfulExit": False}

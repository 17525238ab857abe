"""What lies in deploy/ for others to copy: the unit and the image's commands, run here as they would be there."""

import json
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from importlib.metadata import metadata
from pathlib import Path

from tests.server.processes import Running, command

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = (DEPLOY / "zenprofile.service").read_text(encoding="utf-8")
IMAGE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
PROGRAM = "/opt/zenprofile/bin/zenprofile"


def of_image(instruction: str) -> list[str]:
    """Return the words of an instruction that is given as JSON."""
    found = re.search(rf"^{instruction}.* ?(\[.*\])$", IMAGE, re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    return words


def team() -> None:
    """Make what both start: a profile with a token."""
    command("create", "team", "-t", "sql")
    command("server", "token", "create", "default", "--profile", "team")


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    here = tmp_path / "zenprofile.service"
    here.write_text(UNIT.replace(PROGRAM, str(Path(sys.executable).parent / "zenprofile")))

    checked = subprocess.run(
        ["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False, timeout=60
    )

    assert here.name not in checked.stderr, checked.stderr


def test_the_unit_starts_a_server(serve: Callable[..., Running]) -> None:
    team()
    words = shlex.split(next(line for line in UNIT.splitlines() if line.startswith("ExecStart=")))

    assert words[:3] == [f"ExecStart={PROGRAM}", "server", "start"]
    request = urllib.request.Request(f"{serve(*words[3:]).address}/version", headers={"Host": "stacks.example.com"})
    with urllib.request.urlopen(request, timeout=30) as said:
        assert json.load(said)["holds"] is True


def test_the_image_starts_a_server_and_looks_after_its_health(serve: Callable[..., Running]) -> None:
    team()
    assert of_image("ENTRYPOINT") == ["zenprofile"]
    words = of_image("CMD")

    assert words[:2] == ["server", "start"]
    port = serve(*words[2:]).address.rpartition(":")[2]
    python, option, code = of_image("HEALTHCHECK")
    assert "EXPOSE 8237" in IMAGE
    assert python == "python"
    subprocess.run([sys.executable, option, code.replace("8237", port)], check=True, timeout=30)


def test_the_image_installs_extras_that_there_are() -> None:
    found = re.search(r"/src\[(.*?)\]", IMAGE)

    assert found is not None
    assert set(found[1].split(",")) <= set(metadata("zenprofile").get_all("Provides-Extra") or ())

"""The API does what its description says: schemathesis asks every operation what it takes, and what it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import serving

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.slow
def test_every_operation_keeps_to_the_description(address: str, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION), "run"]
    done = subprocess.run(
        [*command, f"{address}/openapi.json", "--url", address, "-H", f"Authorization: Bearer {serving.TOKEN}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

"""The documented jobs for GitHub, Gitea and GitLab, run as far as a shell can: on what does not hold they are red."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from repos import git, zenprofile

from zenprofile.core.document import reader

PAGE = Path(__file__).parents[2] / "docs" / "tasks" / "github-gitlab.md"
_JOBS = re.compile(r"`(\.[\w./-]+\.yml)`[^\n]*:\n\n```yaml\n(.*?)```", re.DOTALL)
_INSTALL = "pip install zenprofile"


class Job(NamedTuple):
    """A job as a host runs it: its file, its name, and what its shell gets."""

    file: str
    name: str
    steps: tuple[str, ...]


def jobs() -> Iterator[Job]:
    """Yield the page's jobs: a GitLab job's lines are its script, the others' steps each have a shell of their own."""
    for file, text in _JOBS.findall(PAGE.read_text(encoding="utf-8")):
        data: dict[str, Any] = reader.read(text, file)
        for name, job in data.get("jobs", data).items():
            lines = job["script"] if "script" in job else [step["run"] for step in job["steps"] if "run" in step]
            yield Job(file, name, tuple(lines))


def run(job: Job, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a job's steps after the first, which installs, until one of them fails."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for step in job.steps[1:]:
        words = ["bash", "-e", "-o", "pipefail", "-c", step]
        env = {**os.environ, "PATH": path, "ZENPROFILE_CONFIG_DIR": str(folder.parent / "config"), "CI": "true"}
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            break
    return done


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make what a host checks out: a detached commit, on a machine that knows no profile."""
    git(tmp_path, "init", "-q", "seed")
    zenprofile(tmp_path / "seed", "create", "seed", "--url", "stacks")
    git(tmp_path / "seed", "add", "-A")
    git(tmp_path / "seed", "commit", "-q", "-m", "stacks")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/seed", "work")
    git(tmp_path / "work", "checkout", "-q", "--detach")
    return tmp_path / "work"


JOBS = list(jobs())


def test_each_host_has_a_job_that_installs_first() -> None:
    files = {job.file for job in JOBS}
    assert files == {".github/workflows/stacks.yml", ".gitea/workflows/stacks.yml", ".gitlab-ci.yml"}
    assert {job.steps[0] for job in JOBS} == {_INSTALL}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.file}:{job.name}")
def test_a_job_is_green_on_what_holds_and_red_on_what_does_not(checkout: Path, job: Job) -> None:
    done = run(job, checkout)
    assert done.returncode == 0, done.stdout + done.stderr

    stack = checkout / "stacks" / "stacks" / "default.yaml"
    stack.write_text(stack.read_text().replace("orchestrator: default", "orchestrator: gone"))
    done = run(job, checkout)
    assert done.returncode == 1, done.stdout + done.stderr
    report = checkout / "gl-code-quality-report.json"
    said = json.loads(report.read_text())[0]["location"]["path"] if report.exists() else done.stdout
    assert "stacks/stacks/default.yaml" in said


@pytest.mark.parametrize("job", [job for job in JOBS if any("fmt" in step for step in job.steps)], ids=lambda j: j.file)
def test_a_job_is_red_where_keys_are_out_of_order_or_nothing_is_there(checkout: Path, job: Job) -> None:
    user = checkout / "stacks" / "users" / "default.yaml"
    user.write_text("description: first\nname: default\n")
    done = run(job, checkout)
    assert (done.returncode, done.stdout) == (1, "stacks/users/default.yaml\n")

    git(checkout, "rm", "-q", "-r", "-f", "stacks")
    assert run(job, checkout).returncode == 1

"""Secrets in plain text through the commands: refused in any field, before they reach a file, commit or database."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from zenprofile.core.secrets import plaintext

GITHUB = "ghp_" + "a1B2" * 9
URL = "postgresql://zenml:hunter2hunter2@db/zenml"
CANARIES = (GITHUB, "hunter2hunter2")
S3 = "component register s3 --type artifact_store --flavor s3"


def everything(*folders: Path) -> bytes:
    """Return every byte below folders, file names included; packed objects of git are read apart."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return b"\0".join(str(path).encode() + path.read_bytes() for path in files)


def objects(folder: Path) -> bytes:
    args = ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"]
    return subprocess.run(args, cwd=folder, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (S3, ["--set", f"path=s3://{GITHUB}"]),
        (S3, ["--set", "path=s3://b", "--label", f"team={GITHUB}"]),
        (S3, ["--set", "path=s3://b", "--description", f"uses {URL} for now"]),
        (S3, ["--set", "path=s3://b", "--set", f'client_kwargs:={{"a": ["{GITHUB}"]}}']),
        (S3, ["--set", "path=s3://b", "-m", f"with {GITHUB}"]),
        ("user create eve --email", [f"{GITHUB}@example.com"]),
        ("project create", [GITHUB]),
        ("stack update default --description", [GITHUB]),
        ("override set component/artifact_store/default", [f"path={URL}"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1][:20],
)
def test_no_command_takes_one(run: Any, profile: str, tmp_path: Path, machine: Path, line: str, arguments: list[str]):
    before = run("list -o json"), run("component list -o json").out, run("stack list -o json").out

    failed = run(line, *arguments, fails=1)

    assert "looks like a secret" in failed.err
    assert before == (run("list -o json"), run("component list -o json").out, run("stack list -o json").out)
    kept = everything(machine, tmp_path) + (objects(machine / "zenprofile/profiles/p") if profile == "local" else b"")
    for canary in CANARIES:
        assert canary not in failed.err + failed.out
        assert canary.encode() not in kept


def test_one_written_by_hand_is_not_committed_and_not_repeated(run: Any, folder: Path, machine: Path) -> None:
    path = folder / "components" / "artifact_store" / "default.yaml"
    path.write_text(f"{path.read_text()}description: |\n  see {URL}\n# or {GITHUB}\n")
    (folder / "users" / "eve.yaml").write_text(f"name: eve\nlabels:\n  {GITHUB}: x\n")

    told = [
        run("commit", fails=1),
        run("commit -o json", fails=1),
        run("validate", fails=1),
        run("validate -o json", fails=1),
        run("component list", fails=1),
        run("user list -o json", fails=1),
        run("component describe default --type artifact_store", fails=1),
        run("component describe default --type artifact_store -o json", fails=1),
        run("user describe eve", fails=1),
        run("diff"),
        run("diff -o json"),
        run("status"),
        run("status -o json"),
    ]

    for canary in CANARIES:
        assert not [done for done in told if canary in done.out + done.err]
        assert canary.encode() not in objects(folder)
        assert canary.encode() not in everything(folder / ".git", machine / "zenprofile" / "cache")
    places = {(p["file"], p["line"]) for p in told[3].json["problems"] if p["code"] == plaintext.CODE}
    place = os.path.relpath(folder)
    assert {f for f, _ in places} == {f"{place}/components/artifact_store/default.yaml", f"{place}/users/eve.yaml"}
    assert len(places) == 3


def test_what_is_no_secret_is_allowed_by_its_fingerprint(run: Any, profile: str) -> None:
    failed = run(f"{S3} --set path=s3://b --label", f"id={GITHUB}", "-o", "json", fails=1).error
    fingerprint = failed["hint"].split()[-1]
    assert failed["code"] == "secret"
    assert f"zenprofile secrets allow component/artifact_store/s3 {fingerprint}" in failed["hint"]

    run(f"{S3} --set path=s3://b")
    run("secrets allow component/artifact_store/s3", fingerprint)
    run("component update s3 --label", f"id={GITHUB}")

    assert run("component describe s3 -o json").json["labels"] == {"id": GITHUB}
    assert run("validate -o json").json == {"valid": True, "problems": []}
    run("component update s3 --label", f"other={URL}", fails=1)
    run("component update default --label", f"id={GITHUB}", fails=1)
    run("secrets allow component/artifact_store/s3 abc", fails=2)
    run("secrets allow component/artifact_store/none", fingerprint, fails=1)


def test_the_allowance_stands_in_the_document(run: Any, folder: Path) -> None:
    path = folder / "components" / "artifact_store" / "default.yaml"
    text = path.read_text()
    path.write_text(f"{text}labels:\n  id: {GITHUB}  # public\n")
    fingerprint = json.loads(run("validate -o json", fails=1).out)["problems"][0]["hint"].split()[-1]

    run("secrets allow component/artifact_store/default", fingerprint)

    assert path.read_text() == f"{plaintext.ALLOWED} {fingerprint}\n{text}labels:\n  id: {GITHUB}  # public\n"
    run("fmt")
    assert path.read_text().startswith(f"{plaintext.ALLOWED} {fingerprint}\n")
    run("validate")


def test_a_secret_in_a_commit_that_a_later_one_mends_is_not_pushed(run: Any, folder: Path, tmp_path: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout

    remote = tmp_path / "remote.git"
    git("init", "-q", "--bare", str(remote))
    git("remote", "add", "origin", str(remote))
    run("push")
    path = folder / "users" / "eve.yaml"
    path.write_text(f"name: eve\ndescription: {GITHUB}\n")
    git("add", "-A")
    git("commit", "-q", "-m", "by hand, without hooks")
    bad = git("rev-parse", "HEAD").strip()
    path.write_text("name: eve\n")
    git("commit", "-q", "-a", "-m", "fixed")

    failed = run("push", fails=1)

    assert f"not pushed: in commit {bad[:9]} description holds what looks like a secret (GitHub Token)" in failed.err
    assert GITHUB not in failed.err
    assert bad not in git("ls-remote", str(remote))
    git("reset", "-q", "--soft", f"{bad}~1")
    git("commit", "-q", "-m", "as one")
    run("push")

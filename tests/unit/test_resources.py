"""Schemas and hooks are found beside the package and inside it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zenprofile import resources

ROOT = Path(__file__).parent.parent.parent


def test_a_checkout_has_them_beside_the_package() -> None:
    assert resources.schema_bytes("kinds/stack.json") == (ROOT / "schemas" / "kinds" / "stack.json").read_bytes()


@pytest.mark.parametrize("name", ["kinds/none.json", "kinds", "kinds/stack.json/x", "../setup.cfg", "/etc/passwd", ""])
def test_what_is_not_there_is_none(name: str) -> None:
    assert resources.schema_bytes(name) is None
    assert resources.hook_bytes(name) is None


def test_the_catalog_is_one() -> None:
    assert resources.catalog() is resources.catalog()
    assert resources.catalog().kind("stack").raw["title"] == "stack"


def test_a_wheel_has_them_inside(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "zenprofile", tmp_path / "zenprofile", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", tmp_path / "zenprofile" / "schemas")
    code = "from zenprofile import resources as r; print(r.__file__, len(r.schema_bytes('flavors/index.json')))"

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    size = (ROOT / "schemas" / "flavors" / "index.json").stat().st_size
    assert done.stdout.split() == [str(tmp_path / "zenprofile" / "resources.py"), str(size)]


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from zenprofile.resources import catalog;"
        "assert catalog().flavor('artifact_store', 's3').holds({'path': 's3://a', 'key': '{{a.b}}'});"
        "heavy = {'jsonschema', 'referencing', 're2', 'yaml', 'difflib', 'subprocess', 'dataclasses'};"
        "print(*heavy & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_the_state_of_the_schemas_is_their_digest() -> None:
    digest = (ROOT / "schemas" / "digest.json").read_text(encoding="utf-8")

    assert resources.state() == digest
    assert len(digest) > 64

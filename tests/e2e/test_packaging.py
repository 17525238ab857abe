"""What ships: the contents of wheel and sdist, and that each way of installing finds code, schemas and hooks."""

import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import zenprofile

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".tools", "build", "dist", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"
)
LOOK = """
import json
from zenprofile import resources
print(json.dumps([
    resources.__file__,
    json.loads(resources.schema_bytes("kinds/component.json"))["$schema"],
    resources.hook_bytes("README.md").decode()[:9],
]))
"""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def run(*arguments: str | Path, folder: Path) -> str:
    """Run a program that must succeed; return what it printed."""
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """Make a virtual environment; return its Python."""
    run(sys.executable, "-m", "venv", folder, folder=folder.parent)
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str | Path, folder: Path) -> None:
    """Install into an environment."""
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "-qq", *arguments, folder=folder)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project as a clone would have it."""
    folder = tmp_path_factory.mktemp("packaging") / "checkout"
    shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND)
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    """Build the sdist, and the wheel from it; return their folder."""
    folder = checkout.parent / "built"
    run(sys.executable, "-m", "build", "--outdir", folder, checkout, folder=checkout.parent)
    return folder


def files(checkout: Path, folder: str, *endings: str) -> set[str]:
    """List a checkout's files in a folder."""
    found = (path for path in (checkout / folder).rglob("*") if path.is_file())
    return {path.relative_to(checkout).as_posix() for path in found if not endings or path.name.endswith(endings)}


def test_the_wheel_holds_code_schemas_and_hooks_and_nothing_else(checkout: Path, built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    data = {name for name in names if ".dist-info/" in name}
    expected = files(checkout, "zenprofile", ".py", "py.typed")
    expected |= files(checkout, "zenprofile/server/templates") | files(checkout, "zenprofile/server/static")
    expected |= {f"zenprofile/{name}" for name in files(checkout, "schemas", ".json") | files(checkout, "hooks")}
    assert names - data == expected
    assert "zenprofile/schemas/kinds/stack.json" in names
    assert any(name.endswith("licenses/LICENSE") for name in data)


def test_the_sdist_holds_what_it_takes_to_build_and_test(checkout: Path, built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}

    assert names >= files(checkout, "zenprofile", ".py", "py.typed") | files(checkout, "schemas") | files(
        checkout, "hooks"
    ) | files(checkout, "tests")
    assert names >= {"setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE", "Makefile", "CHANGELOG.md"}


def test_an_installed_wheel_works(built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    (wheel,) = built.glob("*.whl")
    pip(python, wheel, folder=tmp_path)

    place, schema, hook = json.loads(run(python, "-c", LOOK, folder=tmp_path))
    assert place.startswith(str(tmp_path))
    assert schema == "https://json-schema.org/draft/2020-12/schema"
    assert hook == "The hook "
    program = python.with_name("zenprofile")
    assert zenprofile.__version__ in run(program, "--version", folder=tmp_path)
    assert json.loads(run(program, "list", "-o", "json", folder=tmp_path))[0]["name"] == "default"


@pytest.mark.parametrize("mode", ["lenient", "strict", "compat"])
def test_an_editable_install_finds_the_data(checkout: Path, tmp_path: Path, mode: str) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(checkout, copy)
    python = environment(tmp_path / "venv")
    pip(python, "--no-deps", "--config-settings", f"editable_mode={mode}", "--editable", copy, folder=tmp_path)

    _, schema, hook = json.loads(run(python, "-c", LOOK, folder=tmp_path))

    assert (schema, hook) == ("https://json-schema.org/draft/2020-12/schema", "The hook ")


def test_a_bare_checkout_finds_the_data(checkout: Path) -> None:
    _, schema, hook = json.loads(run(sys.executable, "-S", "-c", LOOK, folder=checkout))
    assert (schema, hook) == ("https://json-schema.org/draft/2020-12/schema", "The hook ")


def test_the_version_is_told_without_importing_anything() -> None:
    code = "import sys; before = set(sys.modules); import zenprofile; print(sorted(set(sys.modules) - before))"
    assert run(sys.executable, "-I", "-c", code, folder=ROOT) == "['zenprofile']\n"


def test_the_oldest_allowed_libraries_are_those_that_are_tried() -> None:
    import configparser

    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    lowest = {}
    extras = settings["options.extras_require"]
    named = settings["options"]["install_requires"] + extras["postgresql"] + extras["server"]
    for line in named.split():
        name, _, rest = line.replace("[binary]", "").partition(">=")
        lowest[name] = rest.partition(",")[0]
    lines = (ROOT / "tests" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    tried = dict(line.split("==") for line in lines if "==" in line)

    padded = {
        name: version + ".0" * (tried.get(name, "").count(".") - version.count(".")) for name, version in lowest.items()
    }
    assert padded == tried


def test_pyproject_holds_only_what_tools_look_for_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(settings) == {"build-system", "tool"}
    assert set(settings["tool"]) == {"ruff", "pytest"}

"""The import rules hold, and each of them is known to report what it forbids."""

import ast
import configparser
import graphlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from repos import git

ROOT = Path(__file__).resolve().parents[2]

# contract -> the module that breaks it, and how
BROKEN = {
    "layers": ("store/base.py", "from zenprofile.cli import main"),
    "pure-core": ("core/names.py", "import os"),
    "drivers": ("drivers/memory.py", "from zenprofile.drivers import local"),
    "git-plumbing": ("git/index.py", "from zenprofile.core import names"),
    "usecases": ("usecases/stacks.py", "from zenprofile.git import runner"),
    "driver-rooms": ("cli/main.py", "from zenprofile.drivers import memory"),
    "home-gitpython": ("drivers/local/driver.py", "import git"),
    "home-processes": ("drivers/local/driver.py", "import subprocess"),
    "home-sqlalchemy": ("drivers/memory.py", "import sqlalchemy"),
    "home-requests": ("cli/main.py", "import requests"),
    "home-starlette": ("cli/server.py", "import starlette"),
    "home-watchdog": ("usecases/stacks.py", "from watchdog import observers"),
    "home-click": ("usecases/stacks.py", "import click"),
    "home-yaml": ("core/document/writer.py", "import yaml"),
    "home-jsonschema": ("core/document_check.py", "import jsonschema"),
    "home-detect-secrets": ("usecases/secrets.py", "import detect_secrets"),
    "home-re2": ("usecases/flavors.py", "import re2"),
    "home-keyring": ("cli/main.py", "import keyring"),
    "home-zenml": ("usecases/stacks.py", "from zenml.client import Client"),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the code and its rules, to be broken."""
    shutil.copytree(ROOT / "zenprofile", tmp_path / "zenprofile", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".importlinter", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(*arguments: str, folder: Path) -> tuple[int, str]:
    """Run a tool of this environment; return its exit status and all it printed."""
    tool = Path(sys.executable).with_name(arguments[0])
    done = subprocess.run([tool, *arguments[1:]], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def append(file: Path, line: str) -> None:
    """Add a line to a module."""
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")


def contracts() -> list[str]:
    """Name every contract of the import rules."""
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return [section.removeprefix(prefix) for section in rules.sections() if section.startswith(prefix)]


def test_every_contract_has_its_breach() -> None:
    assert sorted(BROKEN) == sorted(contracts())


def test_the_import_rules_hold(checkout: Path) -> None:
    status, printed = run("lint-imports", "--no-logo", folder=checkout)
    assert status == 0, printed


@pytest.mark.parametrize("contract", sorted(BROKEN))
def test_a_breach_is_reported(checkout: Path, contract: str) -> None:
    module, line = BROKEN[contract]
    append(checkout / "zenprofile" / module, line)

    status, printed = run("lint-imports", "--no-logo", "--contract", contract, folder=checkout)

    assert status == 1, printed
    assert "BROKEN" in printed
    assert "zenprofile." + module.removesuffix(".py").replace("/", ".") in printed


def test_a_new_room_must_be_given_its_layer(checkout: Path) -> None:
    (checkout / "zenprofile" / "misc.py").write_text("", encoding="utf-8")

    status, printed = run("lint-imports", "--no-logo", "--contract", "layers", folder=checkout)

    assert status == 1, printed
    assert "misc" in printed


def banned() -> list[str]:
    """Name every library and function that has one home."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])


@pytest.mark.parametrize("name", banned())
def test_an_editor_reports_a_library_away_from_home(checkout: Path, name: str) -> None:
    append(checkout / "zenprofile" / "usecases" / "__init__.py", f"import {name.partition('.')[0]}\n\nprint({name})")

    status, printed = run(
        "ruff", "check", "--no-cache", "--output-format", "concise", "zenprofile/usecases", folder=checkout
    )

    assert status == 1, printed
    assert "TID251" in printed


REACHING_OUT = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}


def test_the_core_calls_no_builtin_that_reaches_out() -> None:
    calls = [
        f"{module.name}:{node.lineno}: {node.func.id}"
        for module in (ROOT / "zenprofile" / "core").rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REACHING_OUT
    ]
    assert calls == []


def imports(module: Path, known: set[str]) -> set[str]:
    """Name the modules of this package that one imports, also within functions; what only types need does not count."""
    found: set[str] = set()
    nodes: list[ast.AST] = [ast.parse(module.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (named & known) | ({node.module} & known if named - known else set())
        nodes += ast.iter_child_nodes(node)
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {
        ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): module
        for module in (ROOT / "zenprofile").rglob("*.py")
    }

    graphlib.TopologicalSorter({name: imports(modules[name], set(modules)) for name in modules}).prepare()


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lengths = {
        module.relative_to(ROOT).as_posix(): len(module.read_text(encoding="utf-8").splitlines())
        for module in (ROOT / "zenprofile").rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def classes() -> Iterator[tuple[str, str]]:
    """Yield each class at the top of a module, without the mark of a private one, and its module."""
    for module in (ROOT / "zenprofile").rglob("*.py"):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield node.name.lstrip("_"), module.relative_to(ROOT).as_posix()


# Private classes that keep a protocol's contract bear its name.
PROTOCOLS = {"Documents"}


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for name, module in classes():
        homes.setdefault(name, []).append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1 and name not in PROTOCOLS} == {}


# Names that modules had before they got the field's terms -> what they are called now.
OLD_MODULES = {
    "arriving": "usecases/incoming_renames.py",
    "beginning": "drivers/local/repository_init.py",
    "brake": "server/rate_limit.py",
    "by_options": "usecases/option_problems.py",
    "carrying_out": "zenml/apply_plan.py",
    "collector": "core/garbage_collection.py",
    "driving": "githooks/merge_driver.py",
    "ears": "watch/file_events.py",
    "fleet": "watch/supervisor.py",
    "flowing": "drivers/local/partial_sharing.py",
    "foreign": "core/zenml_import.py",
    "found_renames": "core/merge/rename_detection.py",
    "gate": "githooks/range_check.py",
    "given": "githooks/context.py",
    "habits": "cli/foreign_commands.py",
    "hookplace": "git/hook_paths.py",
    "incoming": "githooks/push_check.py",
    "indexed": "githooks/index_snapshot.py",
    "judging": "cli/validation.py",
    "left_out": "git/skip_worktree.py and drivers/local/sparse_checkout.py",
    "leftovers": "git/stale_locks.py",
    "meeting": "drivers/local/virtual_base.py",
    "merging": "drivers/local/merge.py",
    "moments": "store/dates.py",
    "near": "core/suggestions.py",
    "only_here": "git/local_only.py",
    "own": "drivers/local/undo_log.py",
    "own_merge": "drivers/local/user_merge.py",
    "past": "store/undo.py",
    "places": "core/document/positions.py and spans.py",
    "quick": "core/schema/fast_validator.py and cli/fast_path.py",
    "refused": "core/document/parse_error.py",
    "relation": "git/commit_graph.py",
    "revs": "store/changelog.py",
    "sending": "drivers/local/pushing.py and server/responses.py",
    "settled": "drivers/local/merge_decisions.py",
    "settling": "drivers/local/resolving.py",
    "side": "drivers/local/remote_side.py",
    "standing": "cli/remote_commands.py",
    "stop": "fs/cancellation.py",
    "talking": "git/remote_lock.py",
    "telling": "watch/reporter.py",
    "treediff": "drivers/local/tree_diff.py",
    "trouble": "git/remote_errors.py",
    "typed": "drivers/local/hand_edits.py",
    "walk": "cli/interactive_resolve.py",
    "whereabouts": "cli/profile_paths.py",
    "wording": "core/schema/messages.py",
}


def modules_and_folders() -> set[str]:
    """Name every module and package."""
    return {path.stem for path in (ROOT / "zenprofile").rglob("*") if path.is_dir() or path.suffix == ".py"}


def test_no_module_has_its_old_name_again() -> None:
    assert {name: OLD_MODULES[name] for name in OLD_MODULES.keys() & modules_and_folders()} == {}


def guesses() -> Iterator[str]:
    """Yield where a module asks for an attribute of a store by its name."""
    for module in (ROOT / "zenprofile").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[of, *_]) if "store" in ast.unparse(of):
                    yield f"{module.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"


def test_what_a_store_can_do_is_asked_by_capability_alone() -> None:
    assert list(guesses()) == []


def hooks() -> dict[str, str]:
    """Return what the project's own pre-commit hooks run, by id."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook["entry"] for hook in config["repos"][0]["hooks"]}


def test_hooks_run_what_make_check_runs() -> None:
    tools = re.findall(r"^\t@\$\(BIN\)/(ruff \w+|mypy|lint-imports)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert [re.sub(r" --.*", "", entry).removeprefix(".venv/bin/") for entry in hooks().values()] == tools


def test_hooks_refuse_a_breach_of_each_rule(checkout: Path) -> None:
    """Mypy is left out: it would read everything."""
    shutil.copy(ROOT / ".pre-commit-config.yaml", checkout)
    (checkout / ".venv").symlink_to(sys.prefix)
    append(checkout / "zenprofile" / "core" / "names.py", "import os;")
    git(checkout, "init", "-q")
    git(checkout, "add", "zenprofile", ".pre-commit-config.yaml")
    store = {"PRE_COMMIT_HOME": str(checkout / "store"), "SKIP": "types"}

    done = subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "run", "--files", "zenprofile/core/names.py"],
        cwd=checkout,
        env={**os.environ, **store},
        capture_output=True,
        text=True,
        check=False,
    )

    found = {hook: f"hook id: {hook}" in done.stdout for hook in hooks()}
    assert found == {"lint": True, "format": True, "types": False, "imports": True}, done.stdout + done.stderr

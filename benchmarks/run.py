"""Measure what zenprofile costs beside its limit and its peers, in one run: ``make bench`` (``--quick``: a minute).

Needs zenprofile installed as its users have it (no editable install): `make bench` makes such an environment, and
one with the peers. A peer that is not there is named, and its rows are left out.
"""

import argparse
import contextlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import measure
import told

SUBJECTS = ("start", "read", "write", "validate", "share", "hook", "text", "sql", "rest", "watch", "zenml", "growth")


RECORDED = Path(__file__).with_name("recorded.json")  # by page.py, with docs/performance.md


@contextlib.contextmanager
def machine() -> Iterator[Path]:
    """Give the run a home of its own."""
    with tempfile.TemporaryDirectory(prefix="zenprofile-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        settings = "[user]\n\tname = Bench\n\temail = bench@example.com\n[init]\n\tdefaultBranch = main\n"
        (home / ".gitconfig").write_text(settings)
        for name in [name for name in os.environ if name.startswith(("GIT_", "ZENPROFILE_"))]:
            del os.environ[name]
        os.environ |= {
            "HOME": str(home),
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "ZENPROFILE_CONFIG_DIR": str(home / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        yield home


def main() -> None:
    """Measure the subjects that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", default=[], help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="few rounds, small profiles")
    parser.add_argument("--json", type=Path, help="keep the figures here")
    wanted = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    recorded = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    table = measure.Table(measure.machine(), recorded)
    for subject in wanted.subjects or SUBJECTS:
        module = importlib.import_module(f"bench_{subject}")
        table.subject = str(module.__doc__).splitlines()[0]
        print(f"# {table.subject}", flush=True)
        with machine() as home:
            module.bench(table, home, quick=wanted.quick)
    for what in told.worse(table.rows, table.before):
        print(f"slower than in the last recorded run: {what}", flush=True)
    if wanted.json:
        table.save(wanted.json)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()

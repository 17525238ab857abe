"""The commands' fixtures, for what is hostile."""

from tests.cli.conftest import folder, profile, run

__all__ = ["folder", "profile", "run"]

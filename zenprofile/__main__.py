"""Run the command line as ``python -m zenprofile``."""

from zenprofile.cli.main import run

run()

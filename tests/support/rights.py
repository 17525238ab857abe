"""Tests of what only root can set up. CI runs as root and has them all; a run of another user names those left out."""

import os

import pytest


def only_root_can(do: str) -> pytest.MarkDecorator:
    """Mark a test that somebody else cannot set up; in CI it fails for them, as one does whose program is missing."""
    is_left_out = os.geteuid() != 0 and not os.environ.get("CI")
    return pytest.mark.skipif(is_left_out, reason=f"only root can {do}")

"""What the commands do and print that write components.

Plainly spelt, they come without the option parser (`zenprofile.cli.fast_path`).
"""

from collections.abc import Iterable

from zenprofile.cli import showing
from zenprofile.cli.session import Session
from zenprofile.core.entity import Key
from zenprofile.usecases import components
from zenprofile.usecases.entities import PLAIN, Details


def register(session: Session, key: Key, flavor: str, set_: Iterable[str], details: Details = PLAIN) -> None:
    """Register a component with settings (``KEY=VALUE``), and say so."""
    recorded = components.register(session.store(), key, flavor, components.parse_configuration_change(set_), details)
    showing.report_written(session, recorded, key, "Registered")


def update(
    session: Session,
    key: Key,
    flavor: str,
    set_: Iterable[str],
    unset: Iterable[str] = (),
    details: Details = PLAIN,
) -> None:
    """Change a component's settings, details or flavor ("" leaves it), and say so."""
    recorded = components.update(
        session.store(), key, components.parse_configuration_change(set_, unset), details, flavor
    )
    showing.report_written(session, recorded, key, "Updated")

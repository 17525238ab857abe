"""What the parser asks for values of options and arguments when a person presses the tab key."""

import click

from zenprofile.cli import completing_names, completing_values
from zenprofile.cli.session import Session


def profile_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a profile."""
    found = completing_names.profile_names(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]


def entity_names(context: click.Context, folder: str, incomplete: str = "") -> list[str]:
    """Return names of entities for the parser's own completion; see `zenprofile.cli.completing_names.entity_names`."""
    found = completing_names.entity_names(context.ensure_object(Session), folder)
    return [name for name in found if name.startswith(incomplete)]


def entities(context: click.Context, incomplete: str = "") -> list[str]:
    """Return entities in full for the parser's own completion; see `zenprofile.cli.completing_names.entities`."""
    found = completing_names.entities(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]


def flavors(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a flavor of the component type that the command line names, or of any."""
    found = completing_values.flavors(context.ensure_object(Session), _type_of(context))
    return [name for name in found if name.startswith(incomplete)]


def settings(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the keys that the flavor's schema has, as ``KEY=``."""
    found = completing_values.settings(_type_of(context), str(context.params.get("flavor") or ""))
    return [name for name in found if name.startswith(incomplete)]


def _type_of(context: click.Context) -> str:
    """Return the component type that ``--type`` or the group names; "" for none."""
    from zenprofile.core.entity import COMPONENT_TYPES

    group = (context.parent.info_name or "").replace("-", "_") if context.parent else ""
    return str(context.params.get("type_") or (group if group in COMPONENT_TYPES else ""))


def revisions(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete branches and tags of the repository that the active profile lies in."""
    found = completing_values.revisions(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]


def label_keys(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the keys of labels that entities have."""
    found = completing_values.label_keys(context.ensure_object(Session))
    return [name for name in found if name.startswith(incomplete)]

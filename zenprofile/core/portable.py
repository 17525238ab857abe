"""Values of a component that are valid on one machine only, and should not be shared."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.entity import DEFAULTS, Data, Key
from zenprofile.core.paths import Path

_LOOPBACK = r"(?i)(?:\A|//|@)(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)(?=[:/]|\Z)"
_ABSOLUTE = r"(?:/(?!/)|~[/\\]|[A-Za-z]:[\\/]|\\\\|file:///)"
_CONTEXTS = frozenset({"kubernetes_context", "kube_context", "kubernetes_config", "kubeconfig"})
_LOCAL_FLAVORS = frozenset({"local", "local_docker"})
_DEFAULTS = dict(DEFAULTS)


class MachineBound(NamedTuple):
    """One value that is bound to a machine.

    Attributes:
        key: the component.
        path: of the value; ("flavor",) for a flavor that works on one machine alone.
        why: what it is, as a part of a sentence.
    """

    key: Key
    path: Path
    reason: str

    @property
    def advice(self) -> str:
        """The command that keeps such a value on this machine."""
        if self.path == ("flavor",):
            return "share a component that every machine can reach"
        field = paths.show(self.path[1:] if self.path[0] == "configuration" else self.path)
        return f"keep it here: zenprofile override set {self.key} {field}=VALUE"


def find_machine_bound(key: Key, data: Data) -> list[MachineBound]:
    """List the values of a component that mean something on one machine only; the default components have none."""
    if key.kind != "component" or _DEFAULTS.get(key) == data:
        return []
    found = []
    if data.get("flavor") in _LOCAL_FLAVORS:
        found.append(MachineBound(key, ("flavor",), f"the flavor '{data['flavor']}' works on one machine alone"))
    for path, value in _leaves(("configuration",), data.get("configuration")):
        reason = _why(path, value)
        if reason:
            found.append(MachineBound(key, path, reason))
    return found


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves((*path, position), inner)
    else:
        yield path, value


def _why(path: Path, value: Any) -> str:
    if not isinstance(value, str) or not value:
        return ""
    if path[-1] in _CONTEXTS:
        return "a kube context of this machine"
    if re.search(_LOOPBACK, value):
        return "it names this machine (localhost)"
    if re.match(_ABSOLUTE, value):
        return "an absolute path of this machine"
    return ""

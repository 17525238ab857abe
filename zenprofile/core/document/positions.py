"""Lines and columns of the fields of one document, which is parsed once however many are asked for."""

from zenprofile.core import paths
from zenprofile.core.document import reader
from zenprofile.core.document.nodes import Node

_Children = dict[str | int, tuple[Node | None, Node]]


class Positions:
    """Finds places in a document that `reader.read` accepts; parsed when the first place is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root: Node | None = None
        self._children: dict[int, _Children] = {}

    def of(self, path: paths.Path, *, key: bool = False) -> tuple[int, int]:
        """Return line and column (from 1) of the value at a path, or of its nearest ancestor that is there.

        Args:
            path: keys and list positions.
            key: point at the last step's key and not at its value.
        """
        if self._root is None:
            self._root = reader.tree(self._text)
        node = self._root
        place = node.start
        for step in path:
            found = self._below(node).get(step)
            if found is None:
                break
            name, node = found
            place = name.start if name is not None and (key or node.start.index == node.end.index) else node.start
        return place.line + 1, place.column + 1

    def _below(self, node: Node) -> _Children:
        """Return a collection's children by key or position, indexed once."""
        known = self._children.get(id(node))
        if known is None:
            known = {n if name is None else name.value: (name, value) for n, (name, value) in enumerate(node.children)}
            self._children[id(node)] = known
        return known

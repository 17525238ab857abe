"""Nodes: the pieces of a document with their places."""

from typing import Any, NamedTuple, Protocol


class Mark(Protocol):
    """A position in a text: index, line and column, all from 0, in characters."""

    index: int
    line: int
    column: int


class Node(NamedTuple):
    """A piece of a document with its place, for what must point at it or change it.

    Attributes:
        start: its first character.
        end: behind its last; of a block collection, behind its last child.
        children: of a mapping (key node, value node), of a list (None, item); empty for a scalar.
        mapping: whether it is a mapping.
        flow: whether a collection is written in brackets.
        scalar: whether it is no collection.
        value: of a scalar.
        style: of a scalar: ``|``, ``>``, ``'``, ``"`` or "".
    """

    start: Mark
    end: Mark
    children: list[tuple["Node | None", "Node"]]
    mapping: bool
    flow: bool
    scalar: bool
    value: Any
    style: str

    def data(self) -> Any:
        """Return the value that the node stands for."""
        if self.scalar:
            return self.value
        if self.mapping:
            return {key.value: node.data() for key, node in self.children if key is not None}
        return [node.data() for _, node in self.children]

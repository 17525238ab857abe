"""Change a document's data and leave every other byte: comments, order, quotes, line ends.

The text is spliced at the places of the nodes that differ (46 times faster than a round-trip parser, and nothing else
moves, as measured). Each splice is proved by reading the result; where one cannot be proved, a
larger piece is written anew.
"""

import re
from typing import Any

from zenprofile.core.change import same
from zenprofile.core.document import lines, spans, writer
from zenprofile.core.document import reader as texts
from zenprofile.core.document.reader import Node
from zenprofile.core.document.splices import Endings, NoSimpleSplice, Splice, common_items
from zenprofile.core.entity import Data, in_place
from zenprofile.errors import Invalid

_BLOCK = frozenset("|>")
# A comment with the blanks in front of it, at a place or behind the head of a literal or folded text.
_COMMENT = re.compile(r"(?:[|>][-+0-9]*)?((?:[ \t]+#[^\n]*)?)")


def edit(text: str, data: Data, kind: str = "") -> str:
    """Return a text whose data is ``data``, as close to ``text`` as may be.

    Args:
        text: a document that `zenprofile.core.document.reader.read` accepts.
        data: what the result is to hold. New keys go behind the key that precedes them in ``data``.
        kind: of entity; then new keys of the document go behind the key that precedes them in its schema.

    Raises:
        Invalid: the text or the data is invalid.
    """
    before = texts.read(text)
    if same(before, data):
        return text
    data = in_place(kind, data, before) if kind else data
    return _one_value(text, before, data) or _spliced(text, before, data)


def _one_value(text: str, before: Data, data: Data) -> str:
    """Return the text with one value replaced on its line, where that is all and can be proved, else ""."""
    path, new = _leaf(before, data)
    span = lines.span(text, path) if path else None
    if span is None or isinstance(new, dict | list) or (isinstance(new, str) and "\n" in new):
        return ""
    result = text[: span[0]] + writer.scalar(new) + text[span[1] :]
    return result if _proved(result, data) else ""


def _proved(result: str, data: Data) -> bool:
    try:
        return same(texts.read(result), data)
    except Invalid:
        return False


def _leaf(before: Data, after: Data) -> tuple[tuple[str, ...], Any]:
    """Return path and new value of the only value that differs; () where more differs, or keys come or go."""
    path: list[str] = []
    one: Any = before
    other: Any = after
    while isinstance(one, dict) and isinstance(other, dict):
        differing = [key for key, value in one.items() if key in other and not same(value, other[key])]
        if len(differing) != 1 or one.keys() != other.keys():
            return (), None
        path.append(differing[0])
        one, other = one[differing[0]], other[differing[0]]
    return tuple(path), other


def _spliced(text: str, before: Data, data: Data) -> str:
    endings = Endings(text)
    root = texts.tree(endings.text)
    # First the smallest change; then the differing top-level entries whole; then the whole document. Values of several
    # lines are tried on one as well: a comment below, further to the right, would become part of a literal text.
    for coarse, flat in ((False, False), (False, True), (True, False), (True, True)):
        try:
            editor = _Editor(endings.text, coarse=coarse, flat=flat)
            result = endings.spliced(editor.splices_of(root, before, data))
        except NoSimpleSplice:
            continue
        if _proved(result, data):
            return result
    return writer.dump(data).replace("\n", endings.new)


class _Editor:
    """Collects the splices that make one text hold other data."""

    def __init__(self, text: str, *, coarse: bool, flat: bool) -> None:
        self.text = text
        self.coarse = coarse
        self.flat = flat
        self.splices: list[Splice] = []

    def splices_of(self, root: Node, before: Data, after: Data) -> list[Splice]:
        if not after:
            raise NoSimpleSplice
        if root.flow:
            self._flow_root(root, before, after)
        else:
            self._mapping(root, before, after, root.start.column)
        return self.splices

    def _flow_root(self, root: Node, before: Data, after: Data) -> None:
        try:
            self._flow_mapping(root, before, after)
        except NoSimpleSplice:
            self.splices[:] = [Splice(root.start.index, root.end.index, writer.inline(after))]

    def _value(self, key: Node | None, node: Node, before: Any, after: Any, indent: int) -> None:
        """Change one value; ``indent`` is that of the collection that holds it."""
        if same(before, after):
            return
        done = len(self.splices)
        try:
            if not self.coarse and self._inside(node, before, after):
                return
        except NoSimpleSplice:
            del self.splices[done:]
        self._whole_value(key, node, after, indent)

    def _inside(self, node: Node, before: Any, after: Any) -> bool:
        """Change a collection's members one by one; return False where the value has to be changed whole."""
        if node.scalar or not before or not after or type(before) is not type(after):
            return False
        if isinstance(before, list):
            if not node.flow:
                self._block_list(node, before, after)
            return not node.flow
        if node.flow:
            self._flow_mapping(node, before, after)
        else:
            self._mapping(node, before, after, node.start.column)
        return True

    def _mapping(self, node: Node, before: Data, after: Data, indent: int) -> None:
        """Change a block mapping whose keys stand at an indent; at least one key stays or comes."""
        entries = {key.value: (key, value) for key, value in node.children if key is not None}
        if not any(name in after for name in entries):
            raise NoSimpleSplice
        following = [*list(entries)[1:], ""]
        for (name, (key, value)), behind in zip(entries.items(), following, strict=True):
            if name in after:
                self._value(key, value, before[name], after[name], indent)
            else:
                self._cut(key.start.index, value, key, entries[behind][0] if behind in after else None)
        self._add_entries(entries, after, indent)

    def _add_entries(self, entries: dict[str, tuple[Node, Node]], after: Data, indent: int) -> None:
        anchor: tuple[Node, Node] | None = None
        waiting: list[str] = []
        for name in after:
            if name in entries:
                anchor = entries[name]
            elif anchor is None:
                # Before the first old entry a line may start with a dash: go behind it.
                waiting.append(name)
                continue
            else:
                self._insert_entry(anchor, name, after[name], indent)
            for early in waiting:
                self._insert_entry(anchor, early, after[early], indent)
            waiting = []

    def _insert_entry(self, anchor: tuple[Node, Node], name: str, value: Any, indent: int) -> None:
        place = spans.line_end(self.text, spans.content_end(self.text, anchor[1], anchor[0]))
        flat = f"{' ' * indent}{writer.key_text(name)}: {writer.inline(value)}\n" if self.flat else ""
        self.splices.append(Splice(place, place, flat or writer.entry(name, value, indent)))

    def _flow_mapping(self, node: Node, before: Data, after: Data) -> None:
        entries = {key.value: value for key, value in node.children if key is not None}
        if before.keys() - after.keys():
            raise NoSimpleSplice
        for name, value in entries.items():
            if not same(before[name], after[name]):
                self._flow_value(value, after[name])
        new = [f"{writer.key_text(name)}: {writer.inline(after[name])}" for name in after if name not in entries]
        if new:
            end = node.children[-1][1].end.index
            self.splices.append(Splice(end, end, "".join(f", {member}" for member in new)))

    def _flow_value(self, node: Node, after: Any) -> None:
        new = writer.inline(after)
        if node.start.index == node.end.index:
            new = f" {new}"
        self.splices.append(Splice(node.start.index, node.end.index, new))

    def _block_list(self, node: Node, before: list[Any], after: list[Any]) -> None:
        """Keep the lines of items that stay; between those, change items in place, and cut or add what is over."""
        items = [value for _, value in node.children]
        kept = common_items(before, after)
        old = new = 0
        for old_end, new_end in [*sorted(kept.items()), (len(before), len(after))]:
            pairs = min(old_end - old, new_end - new)
            for step in range(pairs):
                self._value(None, items[old + step], before[old + step], after[new + step], node.start.column)
            for value in items[old + pairs : old_end]:
                self._cut(self._dash(value), value, None, None)
            self._add_items(items, old + pairs, after[new + pairs : new_end], node.start.column)
            old, new = old_end + 1, new_end + 1

    def _add_items(self, items: list[Node], behind: int, members: list[Any], indent: int) -> None:
        """Add items behind the first so many; before the first one a comment above it stays above the new ones."""
        if not members:
            return
        if behind:
            place = spans.line_end(self.text, spans.content_end(self.text, items[behind - 1]))
        else:
            place = spans.line_start(self.text, self._dash(items[0]))
        self.splices += [Splice(place, place, writer.item(member, indent)) for member in members]

    def _dash(self, node: Node) -> int:
        """Return the offset of the dash in front of a list's item."""
        start = spans.dash(self.text, node)
        if start is None:
            raise NoSimpleSplice
        return start

    def _whole_value(self, key: Node | None, node: Node, after: Any, indent: int) -> None:
        """Put a value in the place of another, keeping a comment on the line of its key or dash."""
        in_brackets = node.flow and node.children and isinstance(after, dict | list)
        rendered = f" {writer.inline(after)}\n" if in_brackets or self.flat else writer.value_lines(after, indent)
        end = spans.content_end(self.text, node, key)
        one_line = "\n" not in rendered[:-1]
        if one_line and (node.flow or (node.scalar and node.style not in _BLOCK)) and node.start.index < end:
            self.splices.append(Splice(node.start.index, end, rendered[1:-1]))
            return
        start = self._dash(node) + 1 if key is None else self.text.index(":", key.end.index) + 1
        comment = self._comment(start, node, end)
        if key is None and not comment:
            rendered = writer.item(after, indent)[indent + 1 :] if not one_line else rendered
        first, _, rest = rendered.partition("\n")
        self.splices.append(Splice(start, spans.line_end(self.text, end), f"{first}{comment}\n{rest}"))

    def _comment(self, start: int, node: Node, end: int) -> str:
        """Return the comment, and the blanks in front of it, that tells of the value between two offsets."""
        if node.style in _BLOCK:
            start = node.start.index
        elif node.scalar or node.flow:
            start = end
        found = _COMMENT.match(self.text, start)
        return found.group(1).rstrip() if found else ""

    def _cut(self, first: int, value: Node, key: Node | None, behind: Node | None) -> None:
        """Remove an entry that starts at an offset; ``behind`` is the key behind it, if that stays."""
        start = spans.line_start(self.text, first)
        end = spans.line_end(self.text, spans.content_end(self.text, value, key))
        before = self.text[start:first]
        if not before.strip():
            self.splices.append(Splice(start, end, ""))
        elif key is None or before.strip("- "):
            raise NoSimpleSplice
        elif behind is not None and not self.text[end : behind.start.index].strip(" "):
            self.splices.append(Splice(first, behind.start.index, ""))
        else:
            self.splices.append(Splice(start + len(before.rstrip()), end, "\n"))

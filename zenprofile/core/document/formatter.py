"""Sort a document's keys in the schema's order: whole entries move, each with its comments."""

from zenprofile.core.change import same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.document.nodes import Node
from zenprofile.core.document.spans import content_end, line_end, line_start
from zenprofile.core.entity import ordered


def formatted(kind: str, text: str) -> str:
    """Return a document with LF line ends, a final one, and its keys in schema order; unchanged where it has these.

    Tabs that other readers refuse become blanks.

    Comments stay with the entry below them, indented ones with the entry above; what an empty line sets apart at the
    top stays at the top, and what follows the last entry stays at the end.

    Raises:
        Invalid: the document cannot be read.
    """
    plain = text.replace("\r\n", "\n")
    if not plain.endswith("\n"):
        plain += "\n"
    data = texts.read(plain)
    if "\t" in plain:
        from zenprofile.core.document import tabs

        plain = tabs.replace_tabs(plain)
    order = list(ordered(kind, data))
    if list(data) == order:
        return plain
    root = texts.tree(plain)
    result = "" if root.flow else _moved(plain, root, order)
    # A layout that entries cannot be cut out of (all on one line, say) is written anew.
    return result if _is(result, ordered(kind, data)) else writer.write(kind, data)


def _is(text: str, data: dict[str, object]) -> bool:
    if not text:
        return False
    read = texts.read(text)
    return same(read, data) and list(read) == list(data)


def _moved(text: str, root: Node, order: list[str]) -> str:
    blocks: dict[str, str] = {}
    header, begin, last = "", 0, ""
    for key, node in ((key, node) for key, node in root.children if key is not None):
        start = line_start(text, key.start.index)
        end = line_end(text, content_end(text, node, key))
        between = text[begin:start]
        above, own = _split(between, _indented_end(between) if last else _header_end(between))
        if last:
            blocks[last] += above
        else:
            header = above
        last = str(key.value)
        blocks[last] = own + text[start:end]
        begin = end
    rest, footer = _split(text[begin:], _indented_end(text[begin:]))
    blocks[last] += rest
    body = "".join(blocks[name] for name in order)
    return header + (body.lstrip("\n") if not header or header.endswith("\n\n") else body) + footer


def _split(text: str, at: int) -> tuple[str, str]:
    return text[:at], text[at:]


def _header_end(text: str) -> int:
    """Return the offset behind what stays at the top: up to an empty line, or the line that starts the document."""
    if "\n\n" in text:
        return text.rfind("\n\n") + 2
    at = text.find("---")
    return line_end(text, at) if at >= 0 and (at == 0 or text[at - 1] == "\n") else 0


def _indented_end(text: str) -> int:
    """Return the offset behind the last indented comment."""
    end = offset = 0
    for line in text.splitlines(keepends=True):
        offset += len(line)
        if line.startswith((" ", "\t")) and line.strip():
            end = offset
    return end

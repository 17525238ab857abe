"""The manifest of a profile in a folder: which format it has, and whether this version reads it."""

from zenprofile.core.entity import FORMAT, MANIFEST
from zenprofile.errors import Invalid, NewerFormat, Problem

TEXT = f"format: {FORMAT}\n"


def check(raw: bytes, where: str) -> None:
    """Refuse a manifest that is none, or one of a newer format.

    Args:
        raw: its content.
        where: the profile, for messages.

    Raises:
        NewerFormat: a newer zenprofile wrote it.
        Invalid: it says something else.
    """
    if raw == TEXT.encode():
        return
    from zenprofile.core.document import reader

    data = reader.read(raw, MANIFEST)
    version = data.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        message = f"{where} was written by a newer zenprofile (format {version}; this one reads {FORMAT})"
        raise NewerFormat(message, hint="upgrade: pip install --upgrade zenprofile", file=MANIFEST)
    if version != FORMAT or set(data) != {"format"}:
        message = f"{MANIFEST} must say 'format: {FORMAT}' and nothing else"
        raise Invalid.of([Problem(MANIFEST, 1, 1, "format", message, f"write: format: {FORMAT}", "bad-manifest")])

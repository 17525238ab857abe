"""Many objects as one pack: one file to be made and waited for, where each by itself would be a file of its own."""

import zlib
from collections.abc import Iterable

from zenprofile.git import runner
from zenprofile.git.repository import Repository

_TYPES = {"commit": 1, "tree": 2, "blob": 3}
_LEVEL = 1  # of zlib: git packs them anew when it tidies up


def write(repository: Repository, objects: Iterable[tuple[str, bytes]]) -> None:
    """Add objects, each a kind and its content, to a repository, durably.

    Raises:
        GitError: no space, no permission.
    """
    import hashlib

    rows = list(objects)
    parts = [b"PACK", (2).to_bytes(4, "big"), len(rows).to_bytes(4, "big")]
    for kind, content in rows:
        parts += [_head(_TYPES[kind], len(content)), zlib.compress(content, _LEVEL)]
    data = b"".join(parts)
    digest = hashlib.new("sha256" if repository.is_sha256 else "sha1", data, usedforsecurity=False).digest()
    runner.run(["index-pack", "--stdin"], repository.folder, stdin=data + digest)


def _head(type_: int, size: int) -> bytes:
    """Return an entry's type and size: three bits and four, then seven of the size a byte, the lowest first."""
    size, byte = size >> 4, type_ << 4 | size & 15
    found = bytearray()
    while size:
        found.append(byte | 128)
        size, byte = size >> 7, size & 127
    found.append(byte)
    return bytes(found)

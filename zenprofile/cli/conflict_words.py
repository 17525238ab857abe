"""Conflicts in words, for `conflicts`, `status` and `resolve`."""

from typing import Any

from zenprofile.cli import output


def format_conflict(row: dict[str, Any], *, when: bool = False) -> str:
    """Return a conflict as lines for people: what it is, and each side's value.

    Args:
        row: as ``conflicts -o json`` prints it.
        when: whether each side's last change is told, by whom and when; else only who deleted something.
    """
    lines = [title(row)]
    lines += [f"  {row['detail']}"] if row["detail"] else []
    for side in ("base", "ours", "theirs"):
        by = row.get(f"{side}_by", {})
        deleted = bool(by) and row["class"] == "reference" and side not in row
        told = f"  (by {by['who']})" if deleted else ""
        told = f"  ({by['who']}, {output.local_time(by['when'])})" if by and when else told
        if side in row or deleted:
            lines.append(f"  {side + ':':8}{'deleted' if deleted else output.as_json(row[side], indent=None)}{told}")
    return "\n".join(map(output.safe_text, lines))


def title(row: dict[str, Any]) -> str:
    """Return which field of which entity is in conflict, and how."""
    name = "/".join(part for part in (row["kind"], row["type"], row["name"]) if part)
    place = f", in the profile at '{row['profile']}'" if "profile" in row else ""
    return f"{name} {row['path']} ({row['class']}{place})".replace("  ", " ")

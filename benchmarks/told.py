"""What a run says of its figures: pure functions from rows to lines of text."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
_MACHINE = ("processor", "cores", "python", "git")  # of one kind are machines that have these in common


def line(row: Row, before: float | None = None) -> str:
    """Return a row as it is printed; ``before`` is its figure in the last recorded run (`figure`)."""
    aim = f"; target {row['target']}" if row.get("target") else ""
    was = "" if before is None else f" (was {with_unit(row, before)})"
    if "megabytes" in row:
        return f"{row['what']:<66} {row['megabytes']:9.1f} MB{was}{aim}"
    if "exponent" in row:
        times = ", ".join(f"{time:.1f} ms" for time in row["times_ms"])
        return f"{row['what']:<66} grows with exponent {row['exponent']:.2f}{was}: {times}{aim}"
    return (
        f"{row['what']:<66} {row['ours_ms']:9.2f} ms {row['limit_ms']:9.2f} ms "
        f"{row['ratio']:7.2f}x{was}  {row['against']}{aim}"
    )


def figure(row: Row) -> float:
    """Return the one number that a row is compared by: megabytes, an exponent or a ratio."""
    found = next(row[field] for field in ("megabytes", "exponent", "ratio") if field in row)
    return float(found)


def with_unit(row: Row, value: float) -> str:
    """Return a figure of a row's kind with its unit."""
    if "megabytes" in row:
        return f"{value:.1f} MB"
    return f"{value:.2f}" if "exponent" in row else f"{value:.2f}x"


def figure_text(row: Row) -> str:
    """Return that number with its unit."""
    return with_unit(row, figure(row))


def before(recorded: Mapping[str, Any], machine: Row) -> dict[str, float]:
    """Return the figures of a recorded run by what they measure; none of another kind of machine."""
    if not recorded or not alike(recorded["machine"], machine):
        return {}
    return {row["what"]: figure(row) for row in recorded["rows"]}


def alike(one: Row, other: Row) -> bool:
    """Say whether two machines are of one kind, so that their ratios may be compared."""
    return all(one.get(field) == other.get(field) for field in _MACHINE)


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the power of the size that the time grows with: the slope of a line through the logarithms."""
    points = [(math.log(size), math.log(time)) for size, time in zip(sizes, times, strict=True)]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope: float = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return slope


def worse(rows: Iterable[Row], was: Mapping[str, float], by: float = 1.15) -> list[str]:
    """Name the rows whose figure is more than so many times what it was; less counts as equal."""
    return [row["what"] for row in rows if row["what"] in was and figure(row) > by * was[row["what"]]]

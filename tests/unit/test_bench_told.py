"""What `make bench` prints and writes, of figures that are given; none is measured here."""

import page
import pytest
import told

MACHINE = {"processor": "P", "cores": 2, "python": "3.11.7", "git": "git version 2.39.5"}
ROW = {"subject": "Reads: of files", "what": "load", "ours_ms": 3.0, "limit_ms": 2.0, "ratio": 1.5, "against": "walk"}
SIZE = {"subject": "Reads: of files", "what": "memory", "megabytes": 169.1, "target": "< 200 MB"}
GROWTH = {"subject": "Growth: of time", "what": "grown", "exponent": 0.98, "sizes": [10, 100], "times_ms": [1.0, 9.5]}
FULL = {"machine": {**MACHINE, "load": 0.5, "system": "Linux"}, "rows": [ROW, SIZE, GROWTH], "missing": []}


def test_a_ratio_is_printed_beside_that_of_the_last_run() -> None:
    assert told.line({**ROW, "target": "<= 2x"}).endswith("3.00 ms      2.00 ms    1.50x  walk; target <= 2x")
    assert "1.50x (was 1.42x)  walk" in told.line(ROW, 1.42)
    assert told.line(SIZE, 170.0).endswith("169.1 MB (was 170.0 MB); target < 200 MB")
    assert "exponent 0.98 (was 1.10): 1.0 ms, 9.5 ms" in told.line(GROWTH, 1.1)


def test_only_a_run_on_the_same_kind_of_machine_is_compared() -> None:
    assert told.before(FULL, {**MACHINE, "load": 9.0}) == {"load": 1.5, "memory": 169.1, "grown": 0.98}
    assert told.before(FULL, {**MACHINE, "cores": 64}) == {}
    assert told.before({}, MACHINE) == {}


@pytest.mark.parametrize(("power", "factor"), [(1.0, 3.0), (0.5, 7.0), (2.0, 0.1)])
def test_the_exponent_is_the_power_of_the_size(power: float, factor: float) -> None:
    sizes = [100, 1000, 10000]
    assert told.exponent(sizes, [factor * size**power for size in sizes]) == pytest.approx(power)


def test_what_became_worse_is_named_beyond_what_counts_as_equal() -> None:
    assert told.worse([ROW, SIZE], {"load": 1.0, "memory": 160.0}) == ["load"]
    assert told.worse([ROW], {}) == []


def test_the_page_has_each_row_the_last_run_and_the_load() -> None:
    text = page.page(FULL, {"load": 1.42})

    assert "| load | 3.00 ms | 2.00 ms | 1.50x | 1.42x | walk |  |" in text
    assert "| memory | 169.1 MB |  |  |  |  | < 200 MB |" in text
    assert "| grown | 1.0 ms (10), 9.5 ms (100) |  | 0.98 |  | exponent |  |" in text
    assert "load 0.5" in text
    assert "busy" not in text
    assert "busy" in page.page({**FULL, "machine": {**FULL["machine"], "load": 7.0}}, {})  # type: ignore[dict-item]


def test_what_could_not_be_measured_is_named() -> None:
    assert "* yamllint is not installed" in page.page({**FULL, "missing": ["yamllint is not installed"]}, {})

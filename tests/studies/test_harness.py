"""What studies on networks share."""

from __future__ import annotations

import pytest

from srbench import __version__
from srbench.studies.harness import loaded_ahead, provenance


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_batches_come_in_order_and_hold_everything_once(size: int) -> None:
    batches = list(loaded_ahead(range(20), size, lambda number: number * 2))
    assert [loaded for batch in batches for loaded in batch] == [number * 2 for number in range(20)]
    assert {len(batch) for batch in batches[:-1]} <= {size}


def test_nothing_gives_no_batch() -> None:
    assert list(loaded_ahead([], 4, str)) == []


def test_an_error_in_a_thread_comes_out() -> None:
    def load(number: int) -> int:
        if number == 5:
            raise ValueError("the fifth")
        return number

    found = loaded_ahead(range(9), 2, load)
    assert [next(found), next(found)] == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match="the fifth"):
        next(found)


def test_the_record_says_what_is_not_installed() -> None:
    record = provenance(
        {"benchmark": "b"}, skipped={"m": "why"}, packages=["numpy", "no-such-package"], seconds=1.23456
    )
    assert record["versions"]["srbench"] == __version__
    assert record["versions"]["no-such-package"] == "not installed"
    assert (record["benchmark"], record["left_out"], record["seconds"]) == ("b", {"m": "why"}, 1.235)

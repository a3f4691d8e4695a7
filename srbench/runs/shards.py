"""Parts of a run, for queues of jobs: each has every n-th image; `srbench merge` puts them together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from srbench.core.records import UsageError, UserError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """The `number`-th of so many parts, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, items: Sequence[Item]) -> list[Item]:
        """Its own of all items; the parts differ by at most one item in size."""
        return list(items[self.number - 1 :: self.of])


WHOLE = Shard(1, 1)


def parse_shard(text: str) -> Shard:
    """The shard of `--shard i/n`; empty for the whole."""
    if not text:
        return WHOLE
    found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"--shard {text}: write the number of this part and how many there are: 1/4 to 4/4")
    return Shard(int(found[1]), int(found[2]))


def with_shard(known: dict[str, Any], shard: Shard, place: str) -> dict[str, Any] | None:
    """What a data set's fact says of parts, `known` being what it has said; None where it is whole."""
    if shard == WHOLE or (known and not known.get("shards")):
        return None
    before = known.get("shards") or {"of": shard.of, "done": []}
    if before["of"] != shard.of:
        raise UserError(
            f"this folder holds parts of {place} in {before['of']}, not {shard.of}; choose another --out, or "
            "run without --shard to complete it"
        )
    return joined([before, {"of": shard.of, "done": [shard.number]}])


def joined(parts: Sequence[dict[str, Any] | None]) -> dict[str, Any] | None:
    """What several facts say of parts together; None where they make up the whole."""
    given = [part for part in parts if part]
    if len(given) < len(parts) or not given:
        return None
    if len({part["of"] for part in given}) > 1:
        raise UserError(
            f"parts of {' and of '.join(sorted({str(part['of']) for part in given}))} do not fit together"
        )
    done = sorted({number for part in given for number in part["done"]})
    return None if len(done) == given[0]["of"] else {"of": given[0]["of"], "done": done}

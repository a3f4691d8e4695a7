"""Outputs that serve one run only: those of methods that do not say all that they read.

Such outputs carry the number of their run in their key. A run that was cut off leaves its number in the store
for the next one, which goes on with it; one that came to its end does not.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from srbench.core.text import remark
from srbench.methods.contract import Method
from srbench.runs.store import Store

_KIND = "unfinished"


def begin(store: Store, methods: Iterable[Method]) -> dict[str, str]:
    """The number of this run for each method that does not say all that it reads; says which ones."""
    names = [method.name for method in methods if not method.reads_all]
    numbers = {}
    with store.transaction():
        known = store.facts(_KIND)
        for name in names:
            unfinished = known.get(name, {}).get("run")
            numbers[name] = unfinished or secrets.token_hex(8)
            store.put_fact(_KIND, name, {"run": numbers[name]})
            remark(
                f"{name} does not say which files it reads: "
                + ("goes on with the outputs of the run that was cut off" if unfinished else "made again")
                + "; declare them with :weights=FILE or its attribute weights"
            )
    return numbers


def end(store: Store, numbers: dict[str, str]) -> None:
    """Nothing is left to go on with."""
    with store.transaction():
        for name in numbers:
            store.put_fact(_KIND, name, {"run": ""})

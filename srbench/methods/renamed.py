"""Methods that once had other names: runs of before are read under the names of today.

The bare names went to the authors' networks when these came; until then they stood for the ones below. Runs
of before are known by facts of methods that do not say their origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RENAMED = {
    "srcnn": "srcnn-srbench",
    "fsrcnn": "fsrcnn-srbench",
    "vdsr": "vdsr-twtygqyy",
    "lapsrn": "lapsrn-twtygqyy",
}


def name_today(name: str, facts: Mapping[str, Any]) -> str:
    """The name of a run's method; `facts` are the run's, by the names that it used.

    Parts of combinations (`vdsr+x8`) are renamed too.
    """
    fact = facts.get(name)
    if fact is None or "origin" in fact:
        return name
    first, plus, rest = name.partition("+")
    return f"{_RENAMED.get(first, first)}{plus}{rest}"

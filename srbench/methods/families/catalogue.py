"""The network families: adding one takes its file here, its network in `networks`, and its line below."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from srbench.methods.families.build import Family

FAMILIES = tuple(
    cast(Family, import_module(f"srbench.methods.families.{name}").FAMILY)
    for name in (
        "zeyde",
        "srcnn",
        "fsrcnn",
        "espcn",
        "vdsr",
        "drcn",
        "lapsrn",
        "edsr",
        "rcan",
        "srresnet",
        "enhancenet",
        "rrdb",
        "tsrn",
    )
)

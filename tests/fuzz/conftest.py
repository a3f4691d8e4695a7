"""How much is tried, and where failing inputs are kept."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

settings.register_profile(
    "fuzz",
    max_examples=25,
    database=DirectoryBasedExampleDatabase(Path(__file__).parent / "seeds"),
    derandomize=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

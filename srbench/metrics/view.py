"""The view of an image that metrics measure, at the path that plug-ins were given first."""

from srbench.metrics.contract import View

__all__ = ["View"]

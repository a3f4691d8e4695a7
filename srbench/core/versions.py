"""Which versions are installed here."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

_DECISIVE = ("numpy", "scipy", "numba", "pillow", "torch", "torchvision", "lpips", "pyiqa", "scikit-image")


def versions(packages: Iterable[str] = _DECISIVE) -> dict[str, str]:
    """Of this package, of Python and of other packages: those that decide numbers unless named."""
    from srbench import __version__

    found = {"srbench": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found

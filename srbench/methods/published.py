"""Methods of networks whose weights somebody has published; the families list them.

Downloads that have a stable address are fetched; the others are given with `--from FILE`, and the
homepage says where to look. Where a published file name ends in eight hexadecimal digits, they are the
beginning of its SHA-256; files without a published hash are accepted when every tensor fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from srbench.core.weights import WeightFile
from srbench.methods.families.build import Renaming, converter
from srbench.methods.networks.method import NetworkMethod, network_method
from srbench.methods.networks.specification import NetworkSpec, SpecOfScale

if TYPE_CHECKING:
    from srbench.core.records import Degradation

Publisher = Literal["the authors", "a third party"]


@dataclass(frozen=True, kw_only=True)
class PublishedFile(WeightFile):
    """Weights that the authors of the paper or others have published."""

    by: Publisher

    @property
    def origin(self) -> str:
        """Whose weights these are."""
        return "authors' weights" if self.by == "the authors" else "a third party's weights"


def published(
    name: str,
    summary: str,
    citation: str,
    spec: NetworkSpec | SpecOfScale,
    *renamings: Renaming,
    by: Publisher,
    homepage: str,
    sha256: tuple[str, ...] = (),
    license: str = "see the homepage",
    url: str | None = None,
    size: int | None = None,
    scales: tuple[int, ...] | None = None,
    trained_on: Degradation | None = "matlab-bicubic",
) -> NetworkMethod:
    """The method of published weights; `renamings` turn the names of its tensors into our network's.

    `spec` is the network's interface, or gives it for each of `scales`.
    """
    fitting = spec(scales[0]) if callable(spec) and scales else spec
    assert isinstance(fitting, NetworkSpec)
    weights = PublishedFile(
        name=name,
        sha256=sha256,
        homepage=homepage,
        license=license,
        citation=citation,
        url=url,
        size=size,
        convert=converter(fitting, *renamings),
        by=by,
    )
    return network_method(
        name=name,
        summary=summary,
        source=f"{citation}; weights: {homepage}",
        spec=spec,
        weights=(weights,),
        scales=scales,
        trained_on=trained_on,
    )

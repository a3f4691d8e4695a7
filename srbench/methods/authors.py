"""Methods of the authors' own files, read from MATLAB, one file a scale; the families list them.

The files are academic and never bundled: they are known by their full SHA-256, downloaded where they have a
stable public address, or given with `--from FILE` or `--from FOLDER`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.methods.networks.method import NetworkMethod, network_method
from srbench.methods.published import PublishedFile

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec, SpecOfScale

Reader = Callable[[Path], "Tensors"]


@dataclass(frozen=True)
class Source:
    """Where a file of the authors is: its SHA-256, size in bytes, and address (None where none is stable)."""

    sha256: str
    size: int
    url: str | None


def authors_file(
    name: str,
    source: Source,
    convert: Reader,
    *,
    scale: int | None,
    citation: str,
    homepage: str,
    license: str,
) -> PublishedFile:
    """One file of the authors, for one scale or, with None, for all."""
    return PublishedFile(
        name=name if scale is None else f"{name}-x{scale}",
        sha256=(source.sha256,),
        homepage=homepage,
        license=license,
        citation=citation,
        url=source.url,
        size=source.size,
        convert=convert,
        scale=scale,
        by="the authors",
    )


def authors(
    name: str,
    summary: str,
    citation: str,
    spec: SpecOfScale,
    read: Reader,
    sources: Mapping[int, Source] | Source,
    *,
    scales: tuple[int, ...],
    homepage: str,
    license: str,
) -> NetworkMethod:
    """The method of the authors' network; `read` gives its tensors under our names, unchecked.

    `sources` are the files of its scales, or one file for all of `scales`. Their own scripts hand on inputs
    that were never quantised, so that is what these methods are at home with.
    """
    about = {"citation": citation, "homepage": homepage, "license": license}
    if isinstance(sources, Source):
        convert = partial(_fitted, spec(scales[0]), read)
        files: tuple[PublishedFile, ...] = (authors_file(name, sources, convert, scale=None, **about),)
    else:
        files = tuple(
            authors_file(name, sources[scale], partial(_fitted, spec(scale), read), scale=scale, **about)
            for scale in scales
        )
    return network_method(
        name=name,
        summary=summary,
        source=f"{citation}; weights: {homepage}",
        spec=spec,
        weights=files,
        scales=scales,
        trained_on="matlab-bicubic-double",
    )


def _fitted(spec: NetworkSpec, read: Reader, path: Path) -> Tensors:
    from srbench.methods.networks.specification import fitted

    return fitted(read(path), spec, path.name)

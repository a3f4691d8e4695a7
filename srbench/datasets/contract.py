"""What a data set is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RemoteFiles:
    """A public source of a data set: `base_url` plus relative paths with their hashes and sizes.

    `registry` names a text file inside `srbench/datasets/hashes` with lines of `path sha256 bytes`.
    """

    base_url: str
    registry: str


@dataclass(frozen=True)
class Dataset:
    """A data set and what users need to know of it.

    - `folders` are the names that its folder goes by, compared without case.
    - `images` is how many images it has, None where that depends on the user.
    - `aliases` maps identifiers of one distribution to those of another (`img_001` is `baby`).
    - `remote` is a stable public source with known hashes; where it is None, `instructions` say how to
      get the data.
    - `folder` is set for data sets that lie at a known place (the demo, `folder:DIR`).
    - `references_of` maps a scale at which the data set was not published to that whose references serve it,
      cut to a multiple of the scale.
    - `variants` says by scale how the published references differ from the images that the name usually
      stands for, `remarks` what else readers must know of them.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    images: int | None
    homepage: str
    license: str
    citation: str
    instructions: str = ""
    remote: RemoteFiles | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    only: tuple[str, ...] = ()
    references_of: dict[int, int] = field(default_factory=dict)
    variants: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, str] = field(default_factory=dict)

    def aliases_of(self, image: str) -> tuple[str, ...]:
        """Other names of one image, in either direction."""
        forward = [self.aliases[image]] if image in self.aliases else []
        return (*forward, *(name for name, alias in self.aliases.items() if alias == image))

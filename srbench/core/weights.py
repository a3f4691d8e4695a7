"""The one place that finds, downloads, verifies and caches weights.

A weight file is known by the hash of what its authors published. It is verified, converted once to
safetensors (read without running any code) and kept in the cache with its provenance in the metadata.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import cache_folder, sweep
from srbench.core.records import UserError
from srbench.core.text import first_line, network_reason, remark, size_text

if TYPE_CHECKING:
    import numpy as np

_SHOWN = 5  # of many missing files
Tensors = dict[str, "np.ndarray"]
DOWNLOADING = "tmp????????"  # how pooch calls what it has not wholly fetched
_WITHOUT_NUMPY = ("BF16", "F8", "F4", "F6")


@dataclass(frozen=True)
class WeightFile:
    """A published file of weights.

    - `sha256` lists the accepted hashes in hex, each whole or the published beginning (8 digits or more);
      empty where none is published, and then `check` or `convert` alone decides what is accepted.
    - `url` is where the file can be downloaded; None where it has to be given with `--from`, and then
      `homepage` says where to look or what makes such a file, and is empty where nothing does.
    - `size` is in bytes, None where it is not known.
    - `convert` reads the published file into named arrays; None keeps the file as it is. `check` raises
      `UserError` for a file that does not hold what it should.
    - `scale` is the only factor that it serves, None where it serves all of its method's.
    - `license` and `citation` are shown before a download and stored with the weights.
    """

    name: str
    sha256: tuple[str, ...]
    homepage: str
    license: str
    citation: str
    url: str | None = None
    size: int | None = None
    convert: Callable[[Path], Tensors] | None = None
    check: Callable[[Path], None] | None = None
    suffix: str = ".safetensors"
    scale: int | None = None

    @property
    def destination(self) -> Path:
        """Where `pull` puts the verified and converted file."""
        return cache_folder() / "weights" / f"{self.name}{self.suffix}"

    @property
    def cached(self) -> Path:
        """Where the file is used from; kinds of files that also lie elsewhere say so here."""
        return self.destination

    @property
    def origin(self) -> str:
        """Whose weights these are, for tables that tell authors' weights from others'; empty where untold."""
        return ""

    @property
    def remark(self) -> str:
        """What readers of a leaderboard must know of these weights, empty where there is nothing."""
        return ""


def serving(files: Iterable[WeightFile], scale: int) -> tuple[WeightFile, ...]:
    """The files that a method needs at one scale."""
    return tuple(file for file in files if file.scale in (None, scale))


def missing_weights(files: tuple[WeightFile, ...], *, command: str) -> str | None:
    """Which of the files are not here, the command that gets them, from where and how large they are.

    One line; None when all are here.
    """
    missing = [file for file in files if not file.cached.is_file()]
    if not missing:
        return None
    shown = missing if len(missing) <= _SHOWN else missing[:_SHOWN]
    more = f" and {len(missing) - len(shown)} more" if len(shown) < len(missing) else ""
    names = ", ".join(file.name for file in shown) + more
    published = all(file.url for file in missing)
    hint = command if published else f"{command} --from FILE"
    sources = "; ".join(dict.fromkeys(source for file in shown if (source := _source(file))))
    told = f" ({sources})" if sources else ""
    return f"weights {names} are not here: {hint}{told}{', or give a file with --from FILE' * published}"


def _source(file: WeightFile) -> str:
    """Where a file is published and how large it is, as far as that is known."""
    place = file.url or file.homepage
    return place and f"{place}{_size(file)}"


def _size(file: WeightFile) -> str:
    return f", {size_text(file.size)}" if file.size else ""


def locate(file: WeightFile, *, command: str) -> Path:
    """The cached file; a `UserError` that names the command to run when it is not there."""
    reason = missing_weights((file,), command=command)
    if reason:
        raise UserError(reason)
    return file.cached


def load(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata of a safetensors file; `UserError` when it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            kinds = {name: stream.get_slice(name).get_dtype() for name in stream.keys()}  # noqa: SIM118
            small = [name for name, kind in kinds.items() if kind.startswith(_WITHOUT_NUMPY)]
            tensors = {name: stream.get_tensor(name) for name in kinds if name not in small}
            metadata = dict(stream.metadata() or {})
        return {name: {**tensors, **_widened(path, small)}[name] for name in kinds}, metadata
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a readable safetensors file ({first_line(error)}); pull it again"
        ) from None


def _widened(path: Path, names: list[str]) -> Tensors:
    """Tensors of types that numpy does not have (bfloat16 and smaller) as float32, exactly."""
    if not names:
        return {}
    from safetensors import safe_open

    with safe_open(path, framework="pt") as stream:
        return {name: stream.get_tensor(name).float().numpy() for name in names}


def pull(file: WeightFile, source: Path | None = None) -> Path:
    """Verifies, converts and caches one file, from `source` or by download; returns the cached path.

    The cache changes only when everything succeeded. Nothing is downloaded or copied where a verified copy
    lies elsewhere (torch hub's folder). `UserError` where the file is missing, has another
    hash, cannot be downloaded or does not hold what it should.
    """
    from srbench.core.files import file_hash

    sweep(file.destination.parent)
    if source is None and file.cached != file.destination:  # a verified copy lies elsewhere
        return file.cached
    original = download(file) if source is None else source
    if not original.is_file():
        raise UserError(f"{original}: no such file")
    digest = file_hash(original)
    try:
        _verify(file, original, digest)
    except UserError:
        if source is None:  # else the next attempt would find it and not download again
            original.unlink()
        raise
    writable(file.destination.parent)
    _store(file, original, digest)
    return file.destination


def _verify(file: WeightFile, original: Path, digest: str) -> None:
    if file.sha256 and not any(digest.startswith(accepted) for accepted in file.sha256):
        raise UserError(
            f"{original} is not the published {file.name}: its sha256 is {digest[:16]}..., "
            f"expected {' or '.join(accepted[:16] for accepted in file.sha256)}...; nothing was changed"
        )
    if file.check is not None:
        file.check(original)


def _store(file: WeightFile, original: Path, digest: str) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    from srbench import __version__
    from srbench.core.files import atomic_file

    with atomic_file(file.destination) as temporary:
        if file.convert is None:
            shutil.copyfile(original, temporary)
            return
        metadata = {
            "name": file.name,
            "source": file.url or file.homepage,
            "sha256": digest,
            "license": file.license,
            "citation": file.citation,
            "srbench": __version__,
        }
        # safetensors writes the memory as it lies, whatever the order of the axes.
        tensors = {name: np.ascontiguousarray(array) for name, array in file.convert(original).items()}
        save_file(tensors, temporary, metadata=metadata)


def writable(folder: Path) -> Path:
    """The folder of the cache, made where it is not there; `UserError` where nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"the cache folder {folder} cannot be made ({error.strerror}); "
            "set SRBENCH_CACHE to a folder that can be written to"
        ) from None
    if not os.access(folder, os.W_OK):
        raise UserError(
            f"the cache folder {folder} cannot be written to; set SRBENCH_CACHE to one that can be"
        )
    return folder


def download(file: WeightFile) -> Path:
    """Downloads the published file into the cache, saying in one line what, from where and how large."""
    if file.url is None:
        raise UserError(_no_download(file))
    import pooch

    writable(cache_folder() / "downloads")
    remark(f"downloading {file.name} from {file.url}{_size(file)}")
    sweep(cache_folder() / "downloads", DOWNLOADING)
    whole = next((digest for digest in file.sha256 if len(digest) == 64), None)
    pooch.get_logger().setLevel("WARNING")
    try:
        path = pooch.retrieve(
            file.url,
            known_hash=f"sha256:{whole}" if whole and len(file.sha256) == 1 else None,
            path=cache_folder() / "downloads",
            progressbar=False,
        )
    except Exception as error:  # pooch lets the errors of requests and urllib through
        raise UserError(
            f"{file.name} cannot be downloaded from {file.url} ({network_reason(error)}); "
            "where there is no network, fetch it elsewhere and give it with --from FILE"
        ) from None
    return Path(path)


def _no_download(file: WeightFile) -> str:
    if not file.homepage:
        return f"{file.name} has no published weights; give a file with --from FILE"
    if "://" in file.homepage:
        return f"{file.name} has no stable download; get it from {file.homepage} and give it with --from FILE"
    return f"{file.name}: {file.homepage}; or give a file with --from FILE"

"""The Python door: images and names in, numbers and tables out. Everything here is thin.

Images are paths, PIL images, uint8 arrays (H x W or H x W x 3), or float arrays and torch tensors in [0, 1]
(C x H x W), which are rounded as saving a PNG would; see `srbench.images.arrays.as_image`. Mistakes that a
caller can make raise `srbench.UserError` (`srbench.UsageError` for wrong names and options) with one line
that says what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from srbench.core.records import Pair, Sample, Unscorable, UsageError, UserError
from srbench.images.arrays import ImageLike, as_image, as_scale

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from srbench.protocols import Protocol
    from srbench.runs.data import RunData

FolderLike = str | os.PathLike[str]
_Layout = Literal["boards", "paper"]


class Scores(dict[str, float | None]):
    """Values by metric name; None where there is no value, with the reason in `reasons`."""

    def __init__(self, values: dict[str, float | None], reasons: dict[str, str]) -> None:
        super().__init__(values)
        self.reasons = reasons


def score(
    image: ImageLike,
    reference: ImageLike | None = None,
    *,
    metrics: Sequence[str] | Literal["default"] = "default",
    protocol: str | Protocol = "srbench",
    scale: int | None = None,
    device: str = "auto",
) -> Scores:
    """Scores one image under a protocol.

    `metrics` are names of `srbench metrics list` ("default" are the protocol's); those that compare need
    `reference`. A protocol's name with `-16bit` behind it (`"ntire-16bit"`) measures 16-bit images as they
    are. `scale` is needed where the protocol's border depends on it. What cannot be scored is None, with its
    reason in `reasons`, also where a file is damaged; `UserError` for files that are not there, `UsageError`
    for unknown names.
    """
    from srbench.metrics.functions import Accumulated
    from srbench.protocol_files import resolve as protocol_of

    protocol = protocol_of(protocol)
    names = protocol.metrics if metrics == "default" else _names(metrics, "metrics")
    measured = [Accumulated(name, protocol=protocol, scale=scale, device=device) for name in names]
    try:
        output = as_image(image, protocol.bits)
        beside = None if reference is None else as_image(reference, protocol.bits)
    except Unscorable as error:
        return Scores(dict.fromkeys(names), dict.fromkeys(names, str(error)))
    for one in measured:
        one.update(output, beside)
    return Scores(
        {one.metric.name: one.values[0] for one in measured},
        {one.metric.name: one.reasons[0] for one in measured if one.reasons},
    )


def upscale(image: ImageLike, method: str | Path, *, scale: int = 4, device: str = "auto") -> np.ndarray:
    """The output of a method or a model file for a low-resolution image: uint8, H x W x 3 (RGB).

    `method` is anything that `srbench run --methods` takes and that needs no reference: a registered name,
    `mix:A,B@0.5`, a model file, `module:function`. The input goes to the method as it is. `UsageError` for
    unknown names, scales that the method does not do, and methods that have their images from a data set;
    `Unscorable` where the method cannot do this image.
    """
    import numpy as np

    from srbench.core.devices import choose_device
    from srbench.images.pixels import as_rgb
    from srbench.methods.catalogue import resolve
    from srbench.methods.contract import Runtime

    scale = as_scale(scale)
    chosen = resolve(str(method))
    if chosen.kind in ("reference", "outputs"):
        raise UsageError(f"{chosen.name} does not upscale: its images come from a data set")
    reason = chosen.refuses(scale)
    if reason:
        raise UsageError(reason)
    reason = chosen.unavailable()
    if reason:
        raise UserError(f"{chosen.name}: {reason}")
    low = as_image(image)
    shape = (low.shape[0] * scale, low.shape[1] * scale, *low.shape[2:])
    # Methods that upscale never look at the reference; it only has to have the right shape.
    nothing = np.broadcast_to(np.uint8(0), shape)
    pair = Pair("images", "image", scale, Path(), None)
    upscaler = chosen.open(Runtime(device=choose_device(device)))
    return as_rgb(upscaler(Sample(pair, nothing, low)))


def run(
    methods: Sequence[str | Path],
    datasets: Sequence[str | Path],
    *,
    out: FolderLike,
    scale: int | Sequence[int] = 4,
    metrics: Sequence[str] | Literal["default", "all"] = "default",
    protocol: str = "srbench",
    data_roots: Iterable[FolderLike] = (),
    device: str = "auto",
    workers: int = 0,
) -> Run:
    """Upscales data sets with methods, scores the outputs, and gives the run; see `srbench run --help`.

    Names are those of the command line: methods may be model files, data sets `folder:DIR`, and a protocol's
    name with `-16bit` behind it takes images of 16 bits as they are. What the folder `out` holds already is
    not computed again. `UserError` where nothing can be scored.
    """
    from srbench.core.devices import choose_device
    from srbench.runs.run import Options
    from srbench.runs.run import run as run_all

    options = Options(
        methods=_names(methods, "methods"),
        datasets=_names(datasets, "datasets"),
        scales=(scale,) if isinstance(scale, int) else tuple(scale),
        metrics=metrics if metrics in ("default", "all") else _names(metrics, "metrics"),
        protocol=protocol,
        roots=tuple(Path(root) for root in data_roots),
        out=Path(out),
        device=choose_device(device),
        workers=workers,
        executor="local",
    )
    finished = run_all(options)
    if finished.outcome.missing and not finished.outcome.scored:
        raise UserError(f"no score could be computed: {finished.outcome.missing[0].status}")
    return load(out)


def load(folder: FolderLike) -> Run:
    """A finished run from its folder; `UserError` where there is none, or it was edited by hand."""
    from srbench.runs.reader import read_run

    return Run(Path(folder), read_run(Path(folder)))


class Run:
    """A finished run: its scores and what follows from them, as data frames. Nothing is computed again."""

    def __init__(self, folder: Path, data: RunData) -> None:
        self.folder = folder
        self._data = data

    def __repr__(self) -> str:
        methods = len({score.method for score in self._data.scores})
        sets = ", ".join(sorted({score.dataset for score in self._data.scores}))
        return f"<srbench.Run {self.folder}: {methods} methods on {sets}>"

    @property
    def scores(self) -> pd.DataFrame:
        """One row for each method, image and metric: the columns of `scores.csv`; a missing value is NaN and
        its reason stands in `status`."""
        import pandas as pd

        from srbench.runs.scores_csv import SCORE_COLUMNS, score_rows

        table = pd.DataFrame(list(score_rows(self._data.scores)), columns=list(SCORE_COLUMNS))
        return table.astype({"value": float})

    def leaderboard(self) -> pd.DataFrame:
        """One row for each data set, scale, protocol and method: the columns of `leaderboard.csv`."""
        import pandas as pd

        from srbench.tables.text import leaderboard_rows

        columns, rows = leaderboard_rows(self._data.boards())
        return pd.DataFrame(rows, columns=columns)

    def compare(self, *methods: str, metric: str = "") -> pd.DataFrame:
        """Paired Wilcoxon signed-rank tests between methods (all without names).

        The columns are those of `significance.csv`; Holm's correction is over the pairs of a data set and
        metric that are asked for.
        """
        import pandas as pd

        from srbench.report.comparison import compare_run
        from srbench.tables.significance import SIGNIFICANCE_COLUMNS

        found = compare_run(self.folder, list(methods), metric)
        return pd.DataFrame([pair.row for pair in found.pairs], columns=list(SIGNIFICANCE_COLUMNS))

    def latex(self, *, layout: _Layout = "paper") -> str:
        """The leaderboards as LaTeX tables (needs `booktabs`): best bold, second best underlined."""
        return self._formatted("latex", layout)

    def markdown(self, *, layout: _Layout = "paper") -> str:
        """The leaderboards as Markdown tables."""
        return self._formatted("markdown", layout)

    def _formatted(self, wanted: Literal["latex", "markdown"], layout: _Layout) -> str:
        from srbench.tables.formats import formatted

        if layout not in get_args(_Layout):
            raise UsageError(f"layout={layout!r}: 'boards' or 'paper' is needed")
        return formatted(self._data.boards(), wanted, layout)


def _names(given: Sequence[str | Path], what: str) -> list[str]:
    """A list of names; a single text is refused, because its letters would be taken for names."""
    if isinstance(given, str | Path):
        raise UsageError(f"{what} must be a list of names, such as ['{given}']")
    if not given:
        raise UsageError(f"{what} is empty; give names")
    return [str(name) for name in given]

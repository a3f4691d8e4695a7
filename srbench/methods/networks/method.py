"""Methods that run one network with one file of weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.weights import WeightFile, locate, serving
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.networks.specification import NetworkSpec, SpecOfScale, only

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from srbench.core.records import Degradation, Sample
    from srbench.methods.running.inference import NetworkUpscaler


@dataclass(frozen=True, kw_only=True)
class NetworkMethod(Method):
    """A method that runs one network; `network(scale)` is its interface at each of its scales.

    `training` is the command that makes weights that nobody has published, empty where there is no recipe
    for them, and None for published weights.
    """

    network: SpecOfScale
    training: str | None = None

    def unavailable(self) -> str | None:
        """Why this method cannot run here, with the command that mends it; None where it can."""
        reason = super().unavailable()
        if reason is None or self.training is None:
            return reason
        trained = f"train it with {self.training}, or " if self.training else ""
        return (
            f"no published weights: {trained}give weights with srbench methods pull {self.name} --from FILE"
        )

    def module(self, scale: int) -> nn.Module:
        """The network with its weights, on the CPU; `UserError` where they are not here."""
        from srbench.methods.networks.specification import load_network

        return load_network(self.network(scale), self.weight_path(scale))

    def weight_path(self, scale: int | None = None) -> Path:
        """The converted weights, of the first scale if none is given; `UserError` that says how to get them
        where they are not here."""
        return _path(self.name, self.weights, scale or (self.scales or (4,))[0])


def network_method(
    *,
    name: str,
    summary: str,
    source: str,
    spec: NetworkSpec | SpecOfScale,
    weights: tuple[WeightFile, ...],
    scales: tuple[int, ...] | None = None,
    training: str | None = None,
    trained_on: Degradation | None = None,
) -> NetworkMethod:
    """The method of a network; `spec` is its interface, or gives it for each of `scales`.

    `weights` is one file for all scales, or one for each.
    """
    if callable(spec):
        network = spec
    else:
        network, scales = only(spec), (spec.scale,)
    return NetworkMethod(
        name=name,
        summary=summary,
        kind="network",
        source=source,
        open=partial(_open, name, network, weights),
        scales=scales,
        weights=weights,
        trained_on=trained_on,
        network=network,
        training=training,
    )


def _open(name: str, network: SpecOfScale, weights: tuple[WeightFile, ...], runtime: Runtime) -> Upscaler:
    for file in weights:
        if file.scale is None:
            _path(name, (file,), 0)

    def build(scale: int) -> tuple[nn.Module, NetworkSpec]:
        from srbench.methods.networks.specification import load_network

        spec = network(scale)
        return load_network(spec, _path(name, weights, scale)), spec

    return NetworkUpscalers(build, runtime, name)


def _path(name: str, weights: tuple[WeightFile, ...], scale: int) -> Path:
    (file,) = serving(weights, scale)
    return locate(file, command=f"srbench methods pull {name}")


class NetworkUpscalers:
    """One upscaler for all scales of a method; `build` makes the network of a scale when it is first needed.

    `levels` gives what is about to be rounded, for methods that are combined of others. `takes_batches`
    says whether `batch` pays on this device.
    """

    def __init__(
        self, build: Callable[[int], tuple[nn.Module, NetworkSpec]], runtime: Runtime, name: str
    ) -> None:
        self._build = build
        self._runtime = runtime
        self._name = name
        self._opened: dict[int, NetworkUpscaler] = {}
        self.takes_batches = runtime.device != "cpu"

    def __call__(self, sample: Sample) -> np.ndarray:
        """uint8, `scale` times as large as the sample's input."""
        return self._of(sample.pair.scale)(sample)

    def batch(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """The same for samples of one scale, size and kind."""
        return self._of(samples[0].pair.scale).batch([sample.low_resolution for sample in samples])

    def levels(self, sample: Sample) -> np.ndarray:
        """The same before rounding and clamping: float32 grey levels."""
        return self._of(sample.pair.scale).levels(sample)

    def _of(self, scale: int) -> NetworkUpscaler:
        from srbench.methods.running.inference import NetworkUpscaler

        if scale not in self._opened:
            module, spec = self._build(scale)
            self._opened[scale] = NetworkUpscaler(module, spec, self._runtime, self._name)
        return self._opened[scale]

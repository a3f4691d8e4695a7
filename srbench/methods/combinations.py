"""Methods made of others: interpolated networks and images, back-projection, geometric self-ensemble.

- `A@ALPHA`: network interpolation with A's PSNR partner, theta = (1 - alpha) PSNR + alpha A (ESRGAN,
  section 3.4, equation 4).
- `mix:A,B@ALPHA`: image interpolation, (1 - alpha) A + alpha B, before rounding (ESRGAN, section 4.5).
- `A+bp`: iterative back-projection (Irani and Peleg, 1991): ten times, the difference between the input
  and the output's MATLAB bicubic reduction is enlarged by MATLAB's bicubic and added.
- `A+x8`: the mean, before rounding, over the eight flips and turns of the input (EDSR, section 3.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.core.registry import split_parts
from srbench.core.weights import WeightFile
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.networks.method import NetworkMethod

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from srbench.core.records import Degradation, Pair, Sample
    from srbench.methods.files.interface import Interface
    from srbench.methods.networks.specification import NetworkSpec

BACK_PROJECTIONS = 10
SUFFIXES = ("+bp", "+x8")
# Networks that were trained from one another, so that their weights can be interpolated.
PARTNERS = {
    "esrgan": "rrdb-psnr",
    "srgan-mmagic": "msrresnet",
    "srgan-lornatang": "srresnet-lornatang",
    "srgan-vgg54": "srresnet-mse",
    "srgan-vgg22": "srresnet-mse",
    "srgan-mse": "srresnet-mse",
    "srgan-vgg54-random": "srresnet-mse",
    "enet-ea": "enet-e",
    "enet-pa": "enet-e",
    "enet-eat": "enet-e",
    "enet-pat-random": "enet-e",
}


@dataclass(frozen=True, kw_only=True)
class CombinedMethod(Method):
    """A method that needs `parts`; it can run, and does a scale, where all of them can."""

    parts: tuple[Method, ...]

    def unavailable(self) -> str | None:
        """The first part's reason, with its name."""
        for part in self.parts:
            reason = part.unavailable()
            if reason is not None:
                return f"{part.name}: {reason}"
        return None

    @property
    def origin(self) -> str:
        """That of all parts."""
        return " and ".join(dict.fromkeys(part.origin for part in self.parts))

    @property
    def inputs(self) -> tuple[Degradation | None, ...]:
        """Those of all parts, which have to take the same input."""
        return tuple(kind for part in self.parts for kind in part.inputs)

    def interfaces(self, scale: int) -> dict[str, Interface]:
        """Those of all parts."""
        return {name: found for part in self.parts for name, found in part.interfaces(scale).items()}

    def refuses(self, scale: int) -> str | None:
        """The first part's reason."""
        return next((reason for part in self.parts if (reason := part.refuses(scale))), None)


def combination(name: str, resolve: Callable[[str], Method]) -> Method | None:
    """The method of a name of the forms above, None for other names.

    `resolve` gives the parts. `UsageError` for an alpha outside 0 to 1, or a network without partner.
    """
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            make = {"+bp": _back_projected, "+x8": _self_ensemble}[suffix]
            return make(name, resolve(name.removesuffix(suffix)))
    if name.startswith("mix:"):
        return _mixed(name, resolve)
    first, at, alpha = name.rpartition("@")
    if not at or not first:
        return None
    return _interpolated(name, resolve(first), _alpha(name, alpha), resolve)


def _alpha(name: str, text: str) -> float:
    try:
        alpha = float(text)
    except ValueError:
        alpha = -1.0
    if not 0 <= alpha <= 1:
        raise UsageError(f"{name}: alpha is a number from 0 to 1, not '{text}'")
    return alpha


def _combined(
    name: str, summary: str, source: str, parts: tuple[Method, ...], opener: Callable[[Runtime], Upscaler]
) -> CombinedMethod:
    weights: dict[str, WeightFile] = {file.name: file for part in parts for file in part.weights}
    limits = [set(part.scales) for part in parts if part.scales is not None]
    return CombinedMethod(
        name=name,
        summary=summary,
        kind="combination",
        source=source,
        open=opener,
        scales=tuple(sorted(set.intersection(*limits))) if limits else None,
        weights=tuple(weights.values()),
        reads=tuple(dict.fromkeys(file for part in parts for file in part.reads)),
        reads_all=all(part.reads_all for part in parts),
        fingerprint=partial(_fingerprint, parts),
        parts=parts,
    )


def _fingerprint(parts: tuple[Method, ...], pair: Pair) -> str:
    own = [(part.name, part.version, part.fingerprint and part.fingerprint(pair)) for part in parts]
    return f"{BACK_PROJECTIONS} {own}"


def levels(upscale: Upscaler, sample: Sample) -> np.ndarray:
    """The output in grey levels before rounding, where the upscaler can tell, else after it; float32."""
    import numpy as np

    unrounded = getattr(upscale, "levels", None)
    if unrounded is not None:
        return np.asarray(unrounded(sample), np.float32)
    return upscale(sample).astype(np.float32)


def _interpolated(
    name: str, method: Method, alpha: float, resolve: Callable[[str], Method]
) -> CombinedMethod:
    if method.name not in PARTNERS or not isinstance(method, NetworkMethod):
        raise UsageError(
            f"{name}: {method.name} has no PSNR-trained partner to interpolate with; "
            "mix:A,B@ALPHA interpolates images, srbench interpolate any two files of one network"
        )
    partner = resolve(PARTNERS[method.name])
    assert isinstance(partner, NetworkMethod)
    return _combined(
        name,
        f"weights between {partner.name} (0) and {method.name} (1) at {alpha:g}",
        "Wang et al., ESRGAN, ECCVW 2018, section 3.4",
        (partner, method),
        partial(_open_interpolated, name, partner, method, alpha),
    )


def _open_interpolated(
    name: str, partner: NetworkMethod, method: NetworkMethod, alpha: float, runtime: Runtime
) -> Upscaler:
    """The network of `method` with the weights between its partner's and its own."""
    from srbench.core.weights import load
    from srbench.methods.files.blend import interpolate
    from srbench.methods.networks.method import NetworkUpscalers
    from srbench.methods.networks.specification import load_into

    tensors = interpolate(load(partner.weight_path())[0], load(method.weight_path())[0], alpha)

    def build(scale: int) -> tuple[nn.Module, NetworkSpec]:
        spec = method.network(scale)
        module = spec.build()
        load_into(module, tensors, name)
        return module, spec

    return NetworkUpscalers(build, runtime, name)


def _mixed(name: str, resolve: Callable[[str], Method]) -> CombinedMethod:
    parts, at, text = name.removeprefix("mix:").rpartition("@")
    names = split_parts(parts)
    if not at or len(names) != 2:
        raise UsageError(f"{name}: write mix:A,B@ALPHA, as in mix:bicubic,lanczos@0.5")
    alpha = _alpha(name, text)
    first, second = (resolve(part) for part in names)
    return _combined(
        name,
        f"images between {first.name} (0) and {second.name} (1) at {alpha:g}",
        "Wang et al., ESRGAN, ECCVW 2018, section 4.5",
        (first, second),
        partial(_open_mixed, first, second, alpha),
    )


def _open_mixed(first: Method, second: Method, alpha: float, runtime: Runtime) -> Upscaler:
    """The outputs of both, averaged before rounding."""
    from srbench.images.pixels import same_kind, to_bytes

    upscalers = first.open(runtime), second.open(runtime)

    def upscale(sample: Sample) -> np.ndarray:
        one, other = same_kind(*(levels(upscaler, sample) for upscaler in upscalers))
        return to_bytes((1 - alpha) * one + alpha * other)

    return upscale


def _reads_outputs(method: Method) -> bool:
    parts = method.parts if isinstance(method, CombinedMethod) else ()
    return method.kind == "outputs" or any(map(_reads_outputs, parts))


def _self_ensemble(name: str, method: Method) -> CombinedMethod:
    if _reads_outputs(method):
        raise UsageError(f"{name}: +x8 turns the input of a method, and result images have none")
    return _combined(
        name,
        f"{method.name}, mean over eight flips and turns",
        "Lim et al., EDSR, CVPRW 2017, section 3.4",
        (method,),
        partial(_open_ensemble, method),
    )


def _open_ensemble(method: Method, runtime: Runtime) -> Upscaler:
    """The mean of eight outputs, each of the input turned and turned back."""
    import numpy as np

    from srbench.images.pixels import to_bytes

    inner = method.open(runtime)

    def upscale(sample: Sample) -> np.ndarray:
        outputs = [_turned_back(levels(inner, _turned(sample, turn)), turn) for turn in range(8)]
        return to_bytes(np.asarray(np.mean(outputs, axis=0, dtype=np.float64)))

    return upscale


def _turn(image: np.ndarray, turn: int) -> np.ndarray:
    import numpy as np

    flipped = image[:, ::-1] if turn >= 4 else image
    return np.ascontiguousarray(np.rot90(flipped, turn % 4))


def _turned(sample: Sample, turn: int) -> Sample:
    return replace(
        sample, reference=_turn(sample.reference, turn), low_resolution=_turn(sample.low_resolution, turn)
    )


def _turned_back(image: np.ndarray, turn: int) -> np.ndarray:
    import numpy as np

    straight = np.rot90(image, -(turn % 4))
    return straight[:, ::-1] if turn >= 4 else straight


def _back_projected(name: str, method: Method) -> CombinedMethod:
    return _combined(
        name,
        f"{method.name}, then {BACK_PROJECTIONS} back-projections with MATLAB's bicubic both ways",
        "Irani and Peleg, Improving Resolution by Image Registration, CVGIP 1991",
        (method,),
        partial(_open_back_projected, method),
    )


def _open_back_projected(method: Method, runtime: Runtime) -> Upscaler:
    """The output, moved so often towards images whose reduction is the input."""
    from fractions import Fraction

    from srbench.images.pixels import same_kind, to_bytes
    from srbench.images.resize import imresize_double

    inner = method.open(runtime)

    def upscale(sample: Sample) -> np.ndarray:
        scale, edges = sample.pair.scale, runtime.edges
        result = levels(inner, sample)
        result, low = same_kind(result, sample.low_resolution.astype(result.dtype))
        for _ in range(BACK_PROJECTIONS):
            error = low - imresize_double(result, Fraction(1, scale), edges=edges)
            result = result + imresize_double(error, scale, edges=edges)
        return to_bytes(result)

    return upscale

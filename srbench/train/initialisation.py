"""Initial weights: He's, smaller ones in residual blocks, a bicubic path, or those of another training.

A network that starts at bicubic interpolation spends its first iterations on what the papers are about
and not on learning to copy, which takes most of the time of short trainings on a CPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from srbench.core.files import file_hash
from srbench.core.records import UsageError, UserError
from srbench.core.weights import load
from srbench.images.resize import imresize_double
from srbench.methods.networks.specification import load_into
from srbench.methods.trained import FILE, model_folders
from srbench.train.patches import phases
from srbench.train.recipes import RECIPES

if TYPE_CHECKING:
    from srbench.methods.networks.fsrcnn import FSRCNN
    from srbench.methods.networks.srresnet import NormalisedBlock, SRResNet, SubPixel
    from srbench.train.recipe import Recipe

RUNS = Path("runs/train")
MODEL = "model"
# Residual blocks by the names of the networks; without normalisation each would double the variance.
_BLOCKS = ("body.", "blocks.", "conv_blocks.", "trunk.")
_RESIDUAL_OUTPUTS = ("tail", "conv_out")  # of VDSR, EnhanceNet and TSRN, which add to bicubic enlargements
_AMPLITUDE = 0.3  # with mid-grey at 0 it keeps the bicubic path of ESPCN where tanh is nearly linear
_CONTRAST = 4.0  # and brings its other filters to where it is not: images differ little from pixel to pixel
_COLOURS = 3
# Keys' cubic a quarter of a pixel before and after an input pixel, without its outermost tap (-0.023).
_DOUBLING = ((0.2214, 0.8473, -0.0687), (-0.0687, 0.8473, 0.2214))
_BLOCK_GAIN = 0.1  # of the normalisation that ends a block of SRResNet
_QUIET = 0.01  # of the last layer's weights on those filters: the start is bicubic and little else


def initialise(module: nn.Module, recipe: Recipe) -> None:
    """Draws the initial weights from torch's global generator, in place."""
    with torch.no_grad():
        for name, layer in module.named_modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                if name.startswith(_BLOCKS):
                    layer.weight.mul_(recipe.initial_scale)
                if name in _RESIDUAL_OUTPUTS:
                    layer.weight.mul_(_QUIET)
                if layer.bias is not None:
                    layer.bias.zero_()
        if not recipe.start_at_bicubic:
            return
        if recipe.network == "srresnet":
            _plant_srresnet(cast("SRResNet", module))
            return
        if recipe.network == "fsrcnn":
            _plant_fsrcnn(cast("FSRCNN", module))
            return
        if recipe.network not in ("srcnn", "espcn"):
            raise UsageError(
                f"start_at_bicubic exists for srcnn, espcn, fsrcnn and srresnet, not for {recipe.network}"
            )
        first, second, last = (getattr(module, name) for name in ("conv1", "conv2", "conv3"))
        first.weight.sub_(first.weight.mean(dim=(1, 2, 3), keepdim=True))
        last.weight.mul_(_QUIET)
        if recipe.network == "srcnn":
            _plant(first, second, last, torch.ones(1, 1, 1), gain=1.0, origin=0.0)
        else:
            first.weight.mul_(_CONTRAST)
            _plant(first, second, last, _bicubic(recipe.scale), gain=_AMPLITUDE, origin=0.5)


def keep_variance(module: nn.Module, slope: float) -> None:
    """He's initial weights for leaky rectifiers of this slope, in place.

    With torch's own the signal fades from layer to layer, and a deep discriminator without normalisation
    sees no difference between images for hundreds of iterations.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity="leaky_relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _plant(
    first: nn.Conv2d, second: nn.Conv2d, last: nn.Conv2d, kernels: torch.Tensor, gain: float, origin: float
) -> None:
    """Lets channel 0 carry the input minus `origin`, `gain` times; kernel p of it is added to output p.

    One channel is enough, and leaves the others to learn what bicubic enlargement lacks.
    """
    for layer in (first, second):
        layer.weight[0] = 0.0
    _middle(first)[0] = gain
    cast(Tensor, first.bias)[0] = -gain * origin
    _middle(second)[0, 0] = 1.0
    margin = (last.kernel_size[0] - kernels.shape[-1]) // 2
    centre = slice(margin, margin + kernels.shape[-1])
    last.weight[:, 0, centre, centre] += kernels / gain
    cast(Tensor, last.bias).fill_(origin)


def _plant_srresnet(module: SRResNet) -> None:
    """Lets the first three channels carry the colours, doubled bicubically, while every block adds little.

    Colours are not negative, so that the rectifiers leave them as they are.
    """
    for block in module.trunk:
        cast(nn.BatchNorm2d, cast("NormalisedBlock", block).rcb[-1]).weight.fill_(_BLOCK_GAIN)
    cast(nn.BatchNorm2d, module.conv2[-1]).weight[:_COLOURS] = 0.0
    first = cast(nn.Conv2d, module.conv1[0])
    first.weight.sub_(first.weight.mean(dim=(1, 2, 3), keepdim=True))
    first.weight[:_COLOURS] = 0.0
    _middle(first)[:_COLOURS] = torch.eye(_COLOURS)
    taps = torch.tensor(_DOUBLING)
    # One kernel for each of the 2 x 2 places of an input pixel, in the order of a pixel shuffle.
    kernels = (taps[:, None, :, None] * taps[None, :, None, :]).reshape(4, 3, 3)
    for stage in module.upsampling:
        layer = cast(nn.Conv2d, cast("SubPixel", stage).upsample_block[0])
        layer.weight[: 4 * _COLOURS] = 0.0
        for colour in range(_COLOURS):
            layer.weight[4 * colour : 4 * colour + 4, colour] = kernels
    last = module.conv3
    last.weight.mul_(_QUIET)
    last.weight[:, :_COLOURS] = 0.0
    _middle(last)[:, :_COLOURS] = 2.0 * torch.eye(_COLOURS)  # from 0 .. 1 to the targets' -1 .. 1
    cast(Tensor, last.bias).fill_(-1.0)


def _plant_fsrcnn(module: FSRCNN) -> None:
    """Lets the first channel carry the luma, which is not negative, and enlarges it linearly.

    Nine taps reach too short a way for the cubic: each phase of the hat function is made to sum to 1.
    """
    convolutions = [one for one in (*module.first_part, *module.mid_part) if isinstance(one, nn.Conv2d)]
    convolutions[0].weight.sub_(convolutions[0].weight.mean(dim=(1, 2, 3), keepdim=True))
    for layer in convolutions:
        layer.weight[0] = 0.0
        _middle(layer)[0, 0] = 1.0
    last, scale = cast(nn.ConvTranspose2d, module.last_part), module.scale
    taps = torch.arange(last.kernel_size[0])
    # Tap 4 is the first output pixel of an input pixel, whose centre is (scale - 1) / 2 further on.
    hat = (1 - (taps - 4 - (scale - 1) / 2).abs() / scale).clamp(min=0)
    for phase in range(scale):
        hat[phase::scale] /= hat[phase::scale].sum()
    nn.init.kaiming_normal_(last.weight).mul_(_QUIET)
    cast(Tensor, last.bias).zero_()
    last.weight[0, 0] = hat[:, None] * hat[None, :]


def _middle(layer: nn.Conv2d) -> torch.Tensor:
    """The weights of a layer's own pixel, outputs x inputs; a view."""
    return layer.weight[:, :, layer.kernel_size[0] // 2, layer.kernel_size[1] // 2]


def _bicubic(scale: int) -> torch.Tensor:
    """MATLAB's bicubic enlargement as scale^2 kernels of 3 x 3, in the order of a pixel shuffle.

    The outermost tap of each phase (-0.044 at most) is left out and the others sum to 1.
    """
    taps = torch.from_numpy(phases(lambda image: imresize_double(image, scale), scale)).float()[:, 2:-2]
    taps = taps / taps.sum(dim=1, keepdim=True)
    return (taps[:, None, :, None] * taps[None, :, None, :]).reshape(scale * scale, 3, 3)


def load_start(module: nn.Module, recipe: Recipe, start: str) -> str:
    """Fills the module from a safetensors file, a run's folder or a trained model's name.

    Returns what it was, with its own training where the file tells it. `UserError` in one line with the
    choices where there is none, or where it is of another network.
    """
    path = find_start(recipe, start)
    tensors, told = load(path)
    load_into(module, tensors, start)
    name = told.get("name", path.stem)
    trained = f", {told['iterations']} iterations" if "iterations" in told else ""
    before = f", which started from {told['start']}" if told.get("start") else ""
    return f"{name} (sha256 {file_hash(path)[:16]}{trained}{before})"


def find_start(recipe: Recipe, start: str) -> Path:
    """The file of weights that is meant."""
    given = Path(start).expanduser()
    if given.is_file():
        return given
    places = [given / MODEL / FILE, given / FILE]
    if start in RECIPES:
        places = [RUNS / start / MODEL / FILE, *(folder / start / FILE for folder in model_folders())]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        first = f"srbench train {start} first, " if start in RECIPES else ""
        raise UserError(
            f"{recipe.name} starts from the weights of {start}, which are not here; choose: {first}"
            "--start-from FILE (or the folder of a run), or --start-from none"
        )
    return found

"""The networks of pyiqa that the documentation names, with seeded values: what comes is pyiqa's own call.

CLIP and the backbones have no published files here: networks of their classes stand in, smaller ones where
the rest of the metric allows it. MANIQA sees one of its twenty crops, which take a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from srbench.core.records import Unscorable
from srbench.metrics import measure
from srbench.metrics.deep.features import ALEX, VGG
from srbench.metrics.pyiqa_bridge import forget
from tests.helpers import command, picture
from tests.metrics.deep_fixtures import random_classifier

if TYPE_CHECKING:
    import torch

pyiqa = pytest.importorskip("pyiqa", reason="pyiqa is not installed")
timm = pytest.importorskip("timm")
torch_ = pytest.importorskip("torch")
pytest.importorskip("clip", reason="CLIP, or pkg_resources which it imports, is not installed")

# By metric: the module of its network, the network's class and the options that make it the metric.
NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "musiq": ("musiq_arch", "MUSIQ", {"pretrained": "koniq10k"}),
    "topiq_nr": ("topiq_arch", "CFANet", {"semantic_model_name": "resnet50", "use_ref": False}),
    "topiq_fr": ("topiq_arch", "CFANet", {"semantic_model_name": "resnet50", "use_ref": True}),
    "maniqa": ("maniqa_arch", "MANIQA", {"train_dataset": "koniq", "scale": 0.8, "test_sample": 1}),
    "lpips+": ("lpips_arch", "LPIPS", {"net": "alex", "version": "0.1", "semantic_weight_layer": 2}),
    "lpips-vgg+": ("lpips_arch", "LPIPS", {"net": "vgg", "version": "0.1", "semantic_weight_layer": 2}),
    "stlpips": ("stlpips_arch", "STLPIPS", {"net": "alex", "variant": "shift_tolerant"}),
    "clipiqa": ("clipiqa_arch", "CLIPIQA", {}),
    "clipiqa+": ("clipiqa_arch", "CLIPIQA", {"model_type": "clipiqa+"}),
    "afine_fr": ("afine_arch", "AFINE", {"model_type": "afine_fr"}),
    "afine_nr": ("afine_arch", "AFINE", {"model_type": "afine_nr"}),
    "afine_all_scale": ("afine_arch", "AFINE", {"model_type": "afine_all_scale"}),
}
WITH_REFERENCE = {"topiq_fr", "lpips+", "lpips-vgg+", "stlpips", "afine_fr", "afine_all_scale"}


def _filled(network: torch.nn.Module, seed: int = 1) -> torch.nn.Module:
    generator = torch_.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.data.normal_(0, 0.05, generator=generator)
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):  # of the backbone, which nothing else fills
            buffer.uniform_(0.5, 1.5, generator=generator)
    return network


def _clip(kind: str, *, layers: Any, width: int, patch: int, seed: int = 2) -> torch.nn.Module:
    """CLIP of the class that a metric uses, small in the text's half, as it is before a training."""
    arch = pytest.importorskip(f"pyiqa.archs.{'afineclip_model' if kind == 'AFINECLIP' else 'clip_model'}")
    with torch_.random.fork_rng():
        torch_.manual_seed(seed)
        made = getattr(arch, kind)(
            embed_dim=64, image_resolution=224, vision_layers=layers, vision_width=width,
            vision_patch_size=patch, context_length=77, vocab_size=49408, transformer_width=64,
            transformer_heads=1, transformer_layers=1,
        )  # fmt: skip
    return made.eval()  # type: ignore[no-any-return]


def _small_clip(seed: int = 2) -> torch.nn.Module:
    return _clip("CLIP", layers=(1, 1, 1, 1), width=32, patch=0, seed=seed)


def _afine_checkpoint(clip: torch.nn.Module) -> dict[str, Any]:
    arch = pytest.importorskip("pyiqa.archs.afine_arch")
    parts = {
        "natural": _filled(arch.AFINEQhead()),
        "fidelity": _filled(arch.AFINEDhead(), 3),
        "fidelity_scale": arch.AFINENLM_FR_Fit_with_limit(2, -2, 0.5, 0.15, 0.95, 0.05, 0.70, 0.01),
        "natural_scale": arch.AFINENLM_NR_Fit(2, -2, 4.9592, 21.5968),
        "adapter": arch.AFINELearnLambda(k=5),
    }
    return {name: part.state_dict() for name, part in parts.items()} | {"finetuned_clip": clip.state_dict()}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Callable[..., float]]]:
    """Puts seeded values in place of the files of a metric; gives pyiqa's network itself as a call."""

    def prepare(name: str) -> Callable[..., float]:
        module, network, options = NETWORKS[name]
        arch = pytest.importorskip(f"pyiqa.archs.{module}")
        if hasattr(arch, "load_pretrained_network"):
            monkeypatch.setattr(arch, "load_pretrained_network", lambda made, *_, **__: _filled(made))
        if module == "lpips_arch":
            for builder, backbone in (("alexnet", ALEX), ("vgg16", VGG)):
                classifier = random_classifier(backbone)
                monkeypatch.setattr(arch.models, builder, lambda found=classifier, **_: found)
        if module == "clipiqa_arch":
            small = _small_clip()
            monkeypatch.setattr(arch, "load", lambda *_: small)
            prompt = torch_.randn(2, 16, 64, generator=torch_.Generator().manual_seed(5))
            monkeypatch.setattr(arch, "load_file_from_url", lambda _: "prompt")
            monkeypatch.setattr(arch.torch, "load", lambda *_, **__: prompt)
        if module == "afine_arch":
            large = _clip("AFINECLIP", layers=12, width=768, patch=32)
            checkpoint = _afine_checkpoint(large)
            monkeypatch.setattr(arch, "load", lambda *_, **__: (large, None))
            monkeypatch.setattr(arch, "load_file_from_url", lambda _: "checkpoint")
            monkeypatch.setattr(arch.torch, "load", lambda *_, **__: checkpoint)
        if name == "maniqa":
            configuration = pytest.importorskip("pyiqa.default_model_configs").DEFAULT_CONFIGS[name]
            monkeypatch.setitem(configuration["metric_opts"], "test_sample", 1)

        def alone(*images: np.ndarray) -> float:
            create = timm.create_model
            with monkeypatch.context() as patched:
                patched.setattr(
                    timm,
                    "create_model",
                    lambda *given, **named: create(*given, **named | {"pretrained": False}),
                )
                call = getattr(arch, network)(**options).eval()
            tensors = [torch_.from_numpy(image).permute(2, 0, 1)[None].float() / 255 for image in images]
            with torch_.no_grad():
                return float(call(*tensors))

        return alone

    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    forget()
    yield prepare
    forget()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_pyiqas_own_call(name: str, made: Callable[[str], Callable[..., float]]) -> None:
    alone = made(name)
    assert command("metrics", "pull", name).code == 0
    images = [picture(64, 96, seed=seed) for seed in ((1, 2) if name in WITH_REFERENCE else (1,))]
    value = measure(name, *images, protocol="bapps", device="cpu")
    assert value == pytest.approx(alone(*images), rel=1e-4)
    other = picture(64, 96, seed=3)
    assert measure(name, other, *images[1:], protocol="bapps", device="cpu") != value


def test_values_that_pyiqa_hides_from_its_files_are_hashed_too(
    made: Callable[[str], Callable[..., float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made("clipiqa")
    assert command("metrics", "pull", "clipiqa").code == 0
    image = picture(64, 96)
    assert 0 < measure("clipiqa", image, protocol="bapps", device="cpu") < 1
    forget()
    arch = pytest.importorskip("pyiqa.archs.clipiqa_arch")
    other = _small_clip(seed=7)
    monkeypatch.setattr(arch, "load", lambda *_: other)
    with pytest.raises(Unscorable, match="not those that were pulled"):
        measure("clipiqa", image, protocol="bapps", device="cpu")


@pytest.mark.parametrize("whole", [True, False])
def test_a_backbone_is_fetched_only_where_the_published_file_lacks_it(
    made: Callable[[str], Callable[..., float]], monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    made("topiq_nr")
    arch = pytest.importorskip("pyiqa.archs.topiq_arch")
    if not whole:
        monkeypatch.setattr(
            arch, "load_pretrained_network", lambda network, *_, **__: _filled(network.attn_pool)
        )
    create, fetched = timm.create_model, []

    def counted(name: str, *given: Any, **named: Any) -> Any:
        if named.get("pretrained"):
            fetched.append(name)
        return create(name, *given, **named | {"pretrained": False})

    monkeypatch.setattr(timm, "create_model", counted)
    assert command("metrics", "pull", "topiq_nr").code == 0
    assert fetched == ([] if whole else ["resnet50"])


def test_sides_that_a_fine_cannot_take_are_a_reason(made: Callable[[str], Callable[..., float]]) -> None:
    made("afine_nr")
    assert command("metrics", "pull", "afine_nr").code == 0
    with pytest.raises(Unscorable, match="divisible by 32"):
        measure("afine_nr", picture(64, 72), protocol="bapps", device="cpu")

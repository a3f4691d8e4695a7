"""`srbench certify` and `srbench verify`: what a paper's numbers are of, as a small file, and its check.

A certificate holds the protocol in full, the hashes of references, inputs, outputs and weights, every score,
and the versions. Whoever has the outputs and the references scores them again and is told what differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from srbench.core.files import file_hash, file_name, write_text
from srbench.core.records import SILENT, Degradation, Pair, Progress, Score, Unscorable, UserError
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.known import unmarked
from srbench.images.codec import Bits, read_in_bits
from srbench.images.pixels import pixel_hash
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.protocol_files import resolve as resolve_protocol
from srbench.protocols import IN_16_BITS, PROTOCOLS, Protocol
from srbench.report.sets import Place, Places, check_sets
from srbench.runs.data import RunData
from srbench.runs.merging import agree
from srbench.runs.plan import output_path
from srbench.runs.reader import read_run
from srbench.runs.score import Candidate, score_images
from srbench.tables.boards import SetScore

FORMAT = 1
_METHOD = ("kind", "version", "weights", "origin", "trained_on")
_METRIC = ("version", "weights", "source", "higher_is_better", "aggregate")


@dataclass(frozen=True)
class Verification:
    """How many scores, and values of whole sets, agree with a certificate; a line for everything that differs
    or is not here."""

    agreeing: int
    scores: int
    differences: tuple[str, ...]
    agreeing_sets: int = 0
    sets: int = 0


def certify(folder: Path) -> dict[str, Any]:
    """The certificate of a run, from its files and output images; `UserError` where it has no score."""
    run = read_run(folder)
    scored = [score for score in run.scores if score.value is not None]
    if not scored:
        raise UserError(f"{folder} has no score that could be certified")
    datasets = {f"{score.dataset} x{score.scale}" for score in scored}
    return {
        "certificate": FORMAT,
        "name": run.name,
        "protocols": {name: run.facts["protocols"][name] for name in _names(scored, "protocol")},
        "datasets": {
            place: {"images": fact["images"], "inputs": fact.get("inputs", {})}
            for place, fact in run.facts["datasets"].items()
            if place in datasets
        },
        "methods": _facts(run, "methods", _names(scored, "method"), _METHOD),
        "metrics": _facts(run, "metrics", _names(scored, "metric"), _METRIC),
        "outputs": _outputs(folder, scored, _bits(run.facts["protocols"])),
        "scores": [_row(score) for score in scored],
        "sets": [asdict(one) for one in run.sets if one.value is not None],
        "versions": run.records[-1].get("versions", {}) if run.records else {},
    }


def _names(scores: list[Score], field: str) -> list[str]:
    return sorted({getattr(score, field) for score in scores})


def _facts(run: RunData, kind: str, names: list[str], fields: tuple[str, ...]) -> dict[str, Any]:
    facts = {name: run.facts[kind].get(name, {}) for name in names}
    return {name: {field: fact[field] for field in fields if field in fact} for name, fact in facts.items()}


def _row(score: Score) -> list[Any]:
    # JSON has no infinity.
    value = score.value if score.value not in (float("inf"), float("-inf")) else str(score.value)
    return [score.protocol, score.dataset, score.scale, score.method, score.image, score.metric, value]


def _outputs(folder: Path, scores: list[Score], bits: Bits) -> dict[str, str]:
    """The hashes of the output images' pixels by `method/dataset xSCALE/image`, where they are there."""
    found = {}
    for place in sorted({(score.method, score.dataset, score.scale, score.image) for score in scores}):
        method, dataset, scale, image = place
        path = output_path(folder, method, Pair(dataset, image, scale, Path(), None))
        if path.is_file():
            found[_key(method, dataset, scale, image)] = pixel_hash(read_in_bits(path, bits))
    return found


def _bits(protocols: dict[str, Any]) -> Bits:
    """The depth of the output images, which is one for all protocols of a run."""
    return 16 if any(fact.get("bits") == 16 for fact in protocols.values()) else 8


def _key(method: str, dataset: str, scale: int, image: str) -> str:
    return f"{method}/{dataset} x{scale}/{image}"


def write_certificate(folder: Path, out: Path) -> Path:
    """Writes the certificate of a run."""
    return write_text(out, json.dumps(certify(folder), ensure_ascii=False, separators=(",", ":")) + "\n")


def read_certificate(path: Path) -> dict[str, Any]:
    """A certificate; one line where the file is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{path} is no certificate ({error})") from None
    if not isinstance(found, dict) or found.get("certificate") != FORMAT:
        raise UserError(f"{path} is no certificate of format {FORMAT}; srbench certify RUN makes one")
    return found


def verify(
    said: dict[str, Any],
    outputs: Path,
    roots: list[Path],
    protocols: Iterable[str],
    *,
    device: str,
    workers: int = 1,
    progress: Progress = SILENT,
) -> Verification:
    """Scores the output images again and compares everything with what a certificate says.

    `outputs` is the `images` folder of a run, the run itself, or a folder of one folder for each method;
    `protocols` are files of protocols that are not registered.
    """
    given = [resolve_protocol(protocol).in_bits(bits) for protocol in protocols for bits in get_args(Bits)]
    own = {protocol.name: protocol for protocol in given}
    known = {name: _protocol(name, fact, own) for name, fact in said["protocols"].items()}
    expected: dict[tuple[str, str, int, str], dict[tuple[str, str], float]] = {}
    for name, dataset, scale, method, image, metric, value in said["scores"]:
        expected.setdefault((name, dataset, scale, method), {})[image, metric] = float(value)
    lines: dict[str, None] = {}
    agreeing = 0
    for (name, dataset, scale, method), values in expected.items():
        images = list(dict.fromkeys(image for image, _ in values))
        candidates = list(_candidates(said, outputs, roots, (dataset, scale, method), images, lines))
        metrics = [resolve_metric(metric) for metric in dict.fromkeys(metric for _, metric in values)]
        protocol = known[name].for_inputs(_inputs(said["methods"].get(method, {})))
        found = score_images(
            candidates, metrics, protocol, scale, device=device, workers=workers, progress=progress
        )
        for score in found:
            wanted = values.get((score.image, score.metric))
            if wanted is not None and score.value is not None and agree(wanted, score.value):
                agreeing += 1
            elif wanted is not None:
                here = score.status if score.value is None else f"{score.value:.6g}"
                place = f"{score.metric} of {method}, {dataset} x{scale} {score.image}, protocol {name}"
                lines[f"{place}: certified {wanted:.6g}, here {here}"] = None
    try:
        sets = [SetScore(**one) for one in said.get("sets", [])]
    except TypeError:
        raise UserError(
            "the certificate's values of whole sets are not as srbench certify writes them"
        ) from None
    of_sets = _check_sets(said, sets, outputs, roots, device)
    lines |= dict.fromkeys(of_sets)
    return Verification(agreeing, len(said["scores"]), tuple(lines), len(sets) - len(of_sets), len(sets))


def _check_sets(
    said: dict[str, Any], sets: list[SetScore], outputs: Path, roots: list[Path], device: str
) -> list[str]:
    """A line for each value of a whole set that is not what was certified."""
    images: dict[Place, set[str]] = {}
    for protocol, dataset, scale, method, image, *_ in said["scores"]:
        images.setdefault((method, dataset, scale, protocol), set()).add(image)
    places = Places(
        lambda method, dataset, scale, image: _output(outputs, method, dataset, scale, image),
        lambda dataset, scale: {pair.image: pair.reference for pair in _pairs(dataset, scale, roots)},
        said["protocols"],
    )
    return check_sets(sets, images, places, device=device)


def left_out(run: RunData, roots: list[Path]) -> list[str]:
    """A line for each leaderboard of a run that is silent about images: of its data set as it is here, or of
    those that other methods have. A score that is missing with its reason is no silence."""
    rows: dict[tuple[str, int, str], dict[tuple[str, str], set[str]]] = {}
    for score in run.scores:
        place = score.dataset, score.scale, score.protocol
        rows.setdefault(place, {}).setdefault((score.method, score.metric), set()).add(score.image)
    lines = []
    for (dataset, scale, protocol), columns in rows.items():
        wanted = set(run.facts["datasets"].get(f"{dataset} x{scale}", {}).get("images", {}))
        if unmarked(dataset) == dataset:  # a marked name says that it is a part
            wanted |= {pair.image for pair in _pairs(dataset, scale, roots)}
        silent = {column: sorted(wanted - images) for column, images in columns.items() if wanted - images}
        for (method, metric), images in sorted(silent.items()):
            some = ", ".join(images[:3]) + ", …" * (len(images) > 3)
            lines.append(
                f"{metric} of {method}, {dataset} x{scale}, protocol {protocol}: neither score nor "
                f"reason for {len(images)} of {len(wanted)} images ({some})"
            )
    return lines


def _inputs(method: dict[str, Any]) -> tuple[Degradation | None, ...]:
    """The inputs of a method, which may decide how it is measured, from its facts."""
    return () if method.get("kind") in ("reference", "outputs") else (method.get("trained_on"),)


def _protocol(name: str, fact: dict[str, Any], own: dict[str, Protocol]) -> Protocol:
    """The protocol of this name, which must be what the certificate says it is."""
    if name not in own and name.removesuffix(IN_16_BITS) not in PROTOCOLS:
        raise UserError(f"the protocol {name} is a file's; give it with --protocol FILE.toml")
    protocol = own.get(name) or resolve_protocol(name)
    here = json.loads(json.dumps(asdict(protocol)))
    changed = [field for field, value in here.items() if field in fact and fact[field] != value]
    decisive = [field for field in changed if field not in ("summary", "source", "metrics")]
    if decisive:
        raise UserError(
            f"the protocol {name} is another one here: {decisive[0]} is {here[decisive[0]]}, certified was "
            f"{fact[decisive[0]]}; use the version of srbench that the certificate names"
        )
    return protocol


def _candidates(
    said: dict[str, Any],
    outputs: Path,
    roots: list[Path],
    place: tuple[str, int, str],
    images: list[str],
    lines: dict[str, None],
) -> Iterator[Candidate]:
    """The images to score with their references; a line for every file that is not what was certified."""
    dataset, scale, method = place
    hashes = said["datasets"][f"{dataset} x{scale}"]["images"]
    references = {pair.image: pair.reference for pair in _pairs(dataset, scale, roots)}
    for image in images:
        output = _output(outputs, method, dataset, scale, image)
        where = f"{dataset} x{scale} {image}"
        reference = references.get(image)
        if reference is None or file_hash(reference) != hashes[image]["reference"]:
            what = "is not here" if reference is None else "is another file here"
            lines[f"the reference of {where} {what}"] = None
        if not output.is_file():
            yield Candidate(image, None, None, f"no output {output.name} in {output.parent}")
            continue
        certified = said["outputs"].get(_key(method, dataset, scale, image))
        try:
            if (
                certified is not None
                and pixel_hash(read_in_bits(output, _bits(said["protocols"]))) != certified
            ):
                lines[f"the output of {method} for {where} has other pixels"] = None
        except Unscorable as error:
            lines[f"the output of {method} for {where}: {error}"] = None
        why = "" if reference else f"the reference of {where} is not here"
        yield Candidate(image, output, reference, why)


def _pairs(dataset: str, scale: int, roots: list[Path]) -> list[Pair]:
    name = unmarked(dataset)
    places = data_roots(roots)
    if name not in DATASETS:
        folders = [root / name for root in places if (root / name).is_dir()]
        if not folders:
            raise UserError(f"there is no folder {name} with the references; give --data-root DIR")
        name = f"folder:{folders[0]}"
    return find_pairs(resolve_dataset(name), scale, places)


def _output(outputs: Path, method: str, dataset: str, scale: int, image: str) -> Path:
    """Where the output image of a method lies, below the folder that was given."""
    places = [outputs / "images" / file_name(method), outputs / file_name(method), outputs]
    folder = next((place for place in places if place.is_dir()), outputs)
    return folder / file_name(dataset) / f"x{scale}" / f"{file_name(image)}.png"

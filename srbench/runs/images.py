"""The images of a run: its data sets as pairs of files, and what is recorded of them."""

from __future__ import annotations

from dataclasses import replace

from srbench.core.files import remembered_hash
from srbench.core.records import Pair
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.known import marked
from srbench.runs.inputs import inputs_of
from srbench.runs.job import Job
from srbench.runs.shards import with_shard
from srbench.runs.store import Store


def images_of(job: Job, store: Store) -> list[Pair]:
    """The pairs of a job's part of its data sets, whose facts are put into the store.

    `UserError` where a data set is not there.
    """
    return job.shard.part([pair for name in job.datasets for pair in _of_dataset(job, store, name)])


def _of_dataset(job: Job, store: Store, name: str) -> list[Pair]:
    dataset = resolve_dataset(name)
    pairs = find_pairs(dataset, job.scale, data_roots(list(job.roots)), inputs=job.inputs)
    dataset = marked(dataset, job.scale, pairs)
    pairs = [replace(pair, dataset=dataset.name) for pair in pairs]
    place = f"{dataset.name} x{job.scale}"
    with store.transaction():
        store.keep_images(dataset.name, job.scale, [pair.image for pair in pairs])
        fact = store.facts("dataset").get(place, {})
        known = fact.get("inputs", {})
        inputs = {**known.get(job.protocol.name, {}), **inputs_of(job.methods.values(), job.protocol, pairs)}
        shards = with_shard(fact, job.shard, place)
        fact = _dataset_fact(dataset, job.scale, pairs) | {"inputs": {**known, job.protocol.name: inputs}}
        fact |= {"shards": shards} if shards else {}
        store.put_fact("dataset", place, fact)
    return pairs


def _dataset_fact(dataset: Dataset, scale: int, pairs: list[Pair]) -> dict[str, object]:
    def hashes(pair: Pair) -> dict[str, str | None]:
        low = pair.low_resolution
        return {
            "reference": remembered_hash(pair.reference),
            "low_resolution": remembered_hash(low) if low else None,
        }

    return {
        "title": dataset.title,
        "citation": dataset.citation,
        "license": dataset.license,
        "expected_images": dataset.images,
        "remark": dataset.remarks.get(scale, ""),
        "images": {pair.image: hashes(pair) for pair in pairs},
    }

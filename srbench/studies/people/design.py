"""Who sees what, in which order: the trials of one rater, from the stimuli, the settings and the seed."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srbench.studies.people.records import Settings, Stimulus, Trial

# A repeated trial comes at least so many trials after the first, where the study is long enough.
_DISTANCE = 12
WORST, BEST = "nearest", "hr"
_Group = tuple[str, ...]


def trials_of(stimuli: Sequence[Stimulus], settings: Settings, slot: int) -> list[Trial]:
    """All trials of the rater in a slot, calibration first; the same for the same seed, slot and stimuli."""
    rng = np.random.default_rng([settings.seed, slot])
    sources = {one.number: one.source for one in stimuli}
    test = _of_rater([one for one in stimuli if one.role == "test"], settings, slot)
    groups = _groups(test, settings, rng)
    originals = _in_blocks(groups, settings, rng, sources)
    examples, checks = _calibration(stimuli, settings, rng)
    extra = _repeats(originals, settings, rng) + _checks(checks, len(originals), rng)
    trials = _merged(originals, extra, offset=len(examples))
    if settings.show_reference:
        references = {one.source: one.number for one in stimuli if one.role == "reference"}
        trials = [
            replace(trial, reference=trial.reference or references.get(sources[trial.stimuli[0]]))
            for trial in trials
        ]
    return examples + trials


def _of_rater(test: list[Stimulus], settings: Settings, slot: int) -> list[Stimulus]:
    """The versions of the images that this rater judges: all, or those images that the raters before judged
    least often, so that after any number of raters the counts differ by one at most."""
    if not settings.images_per_rater:
        return test
    sources = sorted({one.source for one in test})
    judged = np.zeros(len(sources), dtype=np.int64)
    for earlier in range(slot + 1):
        drawn = np.random.default_rng([settings.seed, earlier, 1]).random(len(sources))
        chosen = np.lexsort((drawn, judged))[: settings.images_per_rater]
        judged[chosen] += 1
    names = {sources[index] for index in chosen}
    return [one for one in test if one.source in names]


def _groups(
    test: list[Stimulus], settings: Settings, rng: np.random.Generator
) -> dict[_Group, list[tuple[int, ...]]]:
    """What is asked once, in groups that each block gets an equal share of."""
    if settings.design == "mos":
        return _opinions(test)
    return (_pairs if settings.design == "2afc" else _rankings)(test, settings, rng)


def _opinions(test: list[Stimulus]) -> dict[_Group, list[tuple[int, ...]]]:
    """A trial for each version, grouped by data set and method."""
    groups: dict[_Group, list[tuple[int, ...]]] = defaultdict(list)
    for one in test:
        groups[one.dataset, one.method].append((one.number,))
    return groups


def _pairs(
    test: list[Stimulus], settings: Settings, rng: np.random.Generator
) -> dict[_Group, list[tuple[int, ...]]]:
    """A trial for each pair of versions of an image, grouped by the pair of methods; sides in balance."""
    groups: dict[_Group, list[tuple[int, ...]]] = defaultdict(list)
    for versions in _by_image(test).values():
        pairs: Iterable[tuple[Stimulus, Stimulus]] = itertools.combinations(versions, 2)
        if settings.pairs == "sparse" and len(versions) > 2:
            ring = [versions[index] for index in rng.permutation(len(versions))]
            pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
        for a, b in pairs:
            first, second = sorted((a, b), key=lambda one: one.method)
            groups[first.dataset, first.method, second.method].append((first.number, second.number))
    for pairs_of_group in groups.values():
        turned = rng.permutation(np.arange(len(pairs_of_group)) + rng.integers(2)) % 2
        pairs_of_group[:] = [
            pair[::-1] if turn else pair for pair, turn in zip(pairs_of_group, turned, strict=True)
        ]
    return groups


def _rankings(
    test: list[Stimulus], settings: Settings, rng: np.random.Generator
) -> dict[_Group, list[tuple[int, ...]]]:
    """All versions of an image at once; where they are too many, sets that share a version with the next,
    so that the whole is connected."""
    groups: dict[_Group, list[tuple[int, ...]]] = defaultdict(list)
    for versions in _by_image(test).values():
        numbers = [versions[index].number for index in rng.permutation(len(versions))]
        step = settings.set_size - 1
        starts = range(0, len(numbers), step) if len(numbers) > settings.set_size else (0,)
        for start in starts:
            window = [numbers[(start + place) % len(numbers)] for place in range(settings.set_size)]
            chosen = list(dict.fromkeys(window if len(numbers) > settings.set_size else numbers))
            groups[(versions[0].dataset,)].append(_shuffled(chosen, rng))
    return groups


def _by_image(test: list[Stimulus]) -> dict[tuple[str, str], list[Stimulus]]:
    versions: dict[tuple[str, str], list[Stimulus]] = defaultdict(list)
    for one in test:
        versions[one.source].append(one)
    return versions


def _in_blocks(
    groups: dict[_Group, list[tuple[int, ...]]],
    settings: Settings,
    rng: np.random.Generator,
    sources: dict[int, tuple[str, str]],
) -> list[Trial]:
    """Deals every group over the blocks in turn, so that each block has its share of each; random within."""
    count = sum(map(len, groups.values()))
    blocks: list[list[tuple[int, ...]]] = [[] for _ in range(max(1, -(-count // settings.block)))]
    place = 0
    for name in sorted(groups):
        for index in rng.permutation(len(groups[name])):
            blocks[place % len(blocks)].append(groups[name][index])
            place += 1
    trials: list[Trial] = []
    for number in range(len(blocks)):
        shuffled = [blocks[number][index] for index in rng.permutation(len(blocks[number]))]
        last = sources[trials[-1].stimuli[0]] if trials else None
        apart = _apart(shuffled, [sources[stimuli[0]] for stimuli in shuffled], last)
        trials += [Trial("test", stimuli, number + 1) for stimuli in apart]
    return trials


def _apart(
    items: list[tuple[int, ...]], sources: list[tuple[str, str]], last: tuple[str, str] | None
) -> list[tuple[int, ...]]:
    """The same items with versions of one image not in succession, where that is possible: the next is the
    first of another image, but an image that makes up half of what is left goes first."""
    waiting = list(zip(items, sources, strict=True))
    left: dict[tuple[str, str], int] = defaultdict(int)
    for source in sources:
        left[source] += 1
    ordered: list[tuple[int, ...]] = []
    while waiting:
        urgent = max(left, key=lambda source: left[source])
        forced = urgent != last and 2 * left[urgent] > len(waiting)
        chosen = next(
            (
                index
                for index, (_, source) in enumerate(waiting)
                if source != last and (not forced or source == urgent)
            ),
            0,
        )
        item, last = waiting.pop(chosen)
        left[last] -= 1
        ordered.append(item)
    return ordered


@dataclass(frozen=True)
class _Extra:
    """A trial to put among the others, before the original number `place`; it may repeat an original."""

    place: float
    trial: Trial
    repeats: int | None = None


def _repeats(originals: list[Trial], settings: Settings, rng: np.random.Generator) -> list[_Extra]:
    """Some trials a second time, later; the places of a pair or ranking are drawn anew."""
    count = len(originals)
    # Where the study is long enough, what repeats comes well after what it repeats.
    distance = min(_DISTANCE, count // 2)
    chosen = rng.permutation(count - distance)[: settings.repeats].tolist()
    return [
        _Extra(
            float(rng.uniform(first + distance, count)),
            replace(originals[first], kind="repeat", stimuli=_shuffled(originals[first].stimuli, rng)),
            first,
        )
        for first in chosen
    ]


def _checks(checks: list[Trial], count: int, rng: np.random.Generator) -> list[_Extra]:
    """The attention checks, one in each of as many equal parts of the study."""
    part = count / max(1, len(checks))
    return [_Extra(part * (index + float(rng.uniform())), check) for index, check in enumerate(checks)]


def _merged(originals: list[Trial], extra: list[_Extra], *, offset: int) -> list[Trial]:
    """The originals with the extra trials in their places; `offset` trials come before them."""
    every = [_Extra(float(index), trial) for index, trial in enumerate(originals)] + extra
    order = sorted(range(len(every)), key=lambda index: every[index].place)
    position = {index: offset + rank for rank, index in enumerate(order)}
    merged = []
    for index in order:
        item = every[index]
        block = originals[min(int(item.place), len(originals) - 1)].block
        repeats = None if item.repeats is None else position[item.repeats]
        merged.append(replace(item.trial, block=block, repeats=repeats))
    return merged


def _calibration(
    stimuli: Sequence[Stimulus], settings: Settings, rng: np.random.Generator
) -> tuple[list[Trial], list[Trial]]:
    """The examples that come first and the attention checks, both of nearest and original versions of images
    outside the test (SRGAN, section 3.3: "calibrated on the NN (score 1) and HR (5) versions")."""
    versions: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for one in stimuli:
        if one.role == "calibration":
            versions[one.source][one.method] = one.number
    images = [versions[source] for source in sorted(versions)]
    images = [images[index] for index in rng.permutation(len(images))]
    if settings.design == "mos":
        examples = [
            Trial("calibration", (found[method],), 0, expected=score)
            for found in images
            for method, score in ((WORST, "1"), (BEST, "5"))
        ]
        return [examples[index] for index in rng.permutation(len(examples))], []
    made = [_choice(found, settings, rng) for found in images]
    checks = [
        replace(_choice(images[index % len(images)], settings, rng), kind="check")
        for index in range(settings.checks if images else 0)
    ]
    return made, checks


def _choice(found: dict[str, int], settings: Settings, rng: np.random.Generator) -> Trial:
    """The original against the nearest version; the original is the right answer."""
    stimuli = _shuffled((found[WORST], found[BEST]), rng)
    best = stimuli.index(found[BEST])
    expected = str(best) if settings.design == "2afc" else f"{best},{1 - best}"
    reference = found[BEST] if settings.show_reference else None
    return Trial("calibration", stimuli, 0, reference=reference, expected=expected)


def _shuffled(stimuli: Sequence[int], rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(rng.permutation(stimuli).tolist())

"""Who sees what, in which order."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.studies.people.design import trials_of
from srbench.studies.people.records import Settings, Stimulus

METHODS = ("a", "b", "c", "d", "e")


def _stimuli(images: int, methods: int, examples: int = 2) -> list[Stimulus]:
    test = [(f"i{image}", method, "test") for image in range(images) for method in METHODS[:methods]]
    test += [(f"i{image}", "hr", "reference") for image in range(images)]
    test += [
        (f"c{image}", method, "calibration") for image in range(examples) for method in ("nearest", "hr")
    ]
    return [
        Stimulus(number, method, "set", image, 4, role, f"{number}.png", 8, 8)
        for number, (image, method, role) in enumerate(test, start=1)
    ]


def _settings(design: str = "mos", **more: object) -> Settings:
    return Settings(design=design, seed=3, raters=5, **more)


@settings(max_examples=60, deadline=None)
@given(
    design=st.sampled_from(["mos", "2afc", "ranking"]),
    images=st.integers(1, 9),
    methods=st.integers(2, 5),
    repeats=st.integers(0, 20),
    block=st.integers(1, 30),
    checks=st.integers(0, 5),
    slot=st.integers(0, 40),
)
def test_every_plan_is_whole(design, images, methods, repeats, block, checks, slot):
    stimuli = _stimuli(images, methods)
    by_number = {one.number: one for one in stimuli}
    plan = trials_of(
        stimuli, _settings(design, repeats=repeats, block=block, checks=checks, show_reference=True), slot
    )
    kinds = [trial.kind for trial in plan]
    assert kinds[: kinds.count("calibration")] == ["calibration"] * kinds.count("calibration")
    tests = [trial for trial in plan if trial.kind == "test"]
    if design == "mos":
        judged = sorted(trial.stimuli[0] for trial in tests)
        assert judged == [one.number for one in stimuli if one.role == "test"]
    if design == "2afc":
        pairs = [frozenset(trial.stimuli) for trial in tests]
        assert len(set(pairs)) == len(pairs) == images * methods * (methods - 1) // 2
    for position, trial in enumerate(plan):
        assert len({by_number[number].source for number in trial.stimuli}) == 1
        if trial.kind != "calibration":
            assert by_number[trial.reference].source == by_number[trial.stimuli[0]].source
        if trial.kind == "repeat":
            assert trial.repeats < position
            first = plan[trial.repeats]
            assert first.kind == "test"
            assert sorted(first.stimuli) == sorted(trial.stimuli)
    blocks = [trial.block for trial in plan]
    assert blocks == sorted(blocks)


def test_same_seed_same_plan_and_other_raters_see_another_order():
    stimuli = _stimuli(8, 5)
    first = trials_of(stimuli, _settings(), 0)
    assert first == trials_of(stimuli, _settings(), 0)
    assert first != trials_of(stimuli, _settings(), 1)
    assert first != trials_of(stimuli, Settings("mos", seed=4, raters=5), 0)


def test_blocks_hold_each_method_equally_often():
    stimuli = _stimuli(20, 5)
    by_number = {one.number: one.method for one in stimuli}
    counts = defaultdict(Counter)
    for trial in trials_of(stimuli, _settings(block=25), 2):
        if trial.kind == "test":
            counts[trial.block][by_number[trial.stimuli[0]]] += 1
    assert len(counts) == 4
    assert {count for found in counts.values() for count in found.values()} == {5}


def test_versions_of_an_image_do_not_follow_each_other():
    stimuli = _stimuli(6, 5)
    source = {one.number: one.source for one in stimuli}
    for slot in range(20):
        plan = [trial for trial in trials_of(stimuli, _settings(block=10), slot) if trial.kind == "test"]
        followed = sum(source[a.stimuli[0]] == source[b.stimuli[0]] for a, b in itertools.pairwise(plan))
        assert followed == 0


def test_each_method_stands_on_each_side_equally_often():
    stimuli = _stimuli(10, 4)
    method = {one.number: one.method for one in stimuli}
    sides = defaultdict(Counter)
    for trial in trials_of(stimuli, _settings("2afc"), 0):
        if trial.kind == "test":
            left, right = (method[number] for number in trial.stimuli)
            sides[frozenset((left, right))][left] += 1
    assert all(max(count.values()) == 5 for count in sides.values())


def test_sparse_pairs_connect_all_methods_on_every_image():
    stimuli = _stimuli(6, 5)
    by_number = {one.number: one for one in stimuli}
    edges = defaultdict(list)
    for trial in trials_of(stimuli, _settings("2afc", pairs="sparse"), 1):
        if trial.kind == "test":
            edges[by_number[trial.stimuli[0]].image].append([by_number[n].method for n in trial.stimuli])
    for found in edges.values():
        assert len(found) == 5
        assert Counter(itertools.chain(*found)) == dict.fromkeys(METHODS, 2)


@pytest.mark.parametrize("share", [1, 3, 7])
def test_shares_of_images_are_balanced_over_raters(share):
    stimuli = _stimuli(10, 2)
    source = {one.number: one.image for one in stimuli}
    counts = Counter()
    for slot in range(9):
        plan = trials_of(stimuli, _settings(images_per_rater=share), slot)
        images = {source[trial.stimuli[0]] for trial in plan if trial.kind == "test"}
        assert len(images) == share
        counts.update(images)
    counts.update({f"i{image}": 0 for image in range(10)})
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_ranking_of_many_versions_is_connected():
    stimuli = _stimuli(3, 5)
    sets = defaultdict(list)
    source = {one.number: one.image for one in stimuli}
    for trial in trials_of(stimuli, _settings("ranking", set_size=3), 0):
        if trial.kind == "test":
            sets[source[trial.stimuli[0]]].append(set(trial.stimuli))
    for found in sets.values():
        joined = found.pop(0)
        while found:
            touching = next(one for one in found if one & joined)
            joined |= touching
            found.remove(touching)
        assert len(joined) == 5

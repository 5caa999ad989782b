"""Whatever the functions on studies and diagrams are given: one sentence, and never somebody else's traceback."""

import inspect

import numpy as np
import pytest

import toposcope as ts

X = np.random.default_rng(0).normal(size=(24, 3))
D, LABELS, BARS = ts.distances(X), np.arange(24) % 2, ts.rips(X).dgms[1]
STUDY = ts.triangulate({"a": X, "b": 2 * X}, ["euclidean"], labels=LABELS)
A, B = STUDY

CALLS = {
    "adjust": ([0.1, 0.2],),
    "betti_curve": (BARS,),
    "class_difference": (D, LABELS),
    "class_structure": (D, LABELS),
    "compare_classes": (STUDY,),
    "compare_layers": (STUDY,),
    "consensus": (STUDY,),
    "cophenetic": (D,),
    "cross_barcode": (D, D),
    "death_birth_ratios": (BARS,),
    "diagram_distance": (BARS, BARS),
    "intrinsic_dimension": (D,),
    "overlap": (np.arange(3), np.arange(3)),
    "paired_bootstrap": (STUDY,),
    "paired_difference": (STUDY,),
    "permutation_test": ([[BARS] * 2] * 2,),
    "persistence_entropy": (BARS,),
    "purity": (D, LABELS),
    "separation": (D, LABELS),
    "significance": (BARS,),
    "single_linkage": (D,),
    "subsamples": (24, 3),
    "summarize": (BARS,),
    "topology_divergence": (D, D),
}
MORE = {"betti_curve": ([0.5],), "class_difference": (1,), "paired_bootstrap": (A, B), "paired_difference": (A, B)}
OPTIONS = {"class_difference": {"blocks": 3}, "compare_layers": {"blocks": 6}, "paired_difference": {"blocks": 6}}
WRONG = [3.5, "x", None, {"a": 1}, object(), np.array([["a", "b"]]), np.zeros((2, 3, 1)), [[1, 2], [3]], X]


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_gets_one_sentence(name):
    call, given = getattr(ts.study, name), (*CALLS[name], *MORE.get(name, ()), *((0,) if name == "subsamples" else ()))
    call(*given, **OPTIONS.get(name, {}))
    for at in range(len(CALLS[name])):
        for wrong in WRONG:
            with pytest.raises((TypeError, ValueError)) as raised:
                call(*given[:at], wrong, *given[at + 1 :], **OPTIONS.get(name, {}))
            words, raiser = str(raised.value), inspect.getmodule(raised.traceback[-1].frame.raw)
            assert raiser is not None and raiser.__name__.startswith("toposcope"), (at, wrong, words)
            assert words.endswith(".") and "\n" not in words and len(words) > 30, (at, wrong, words)


def test_pictures_of_tests_take_a_number_of_bins():
    test = ts.study.class_structure(D, LABELS, permutations=9)
    with pytest.raises(ValueError, match="bins=0"):
        ts.plot_null(test, bins=0)

"""Under the null hypothesis p-values are uniform: hundreds of small trials of each test, and of their correction."""

import numpy as np
import pytest
from scipy.stats import kstest

import toposcope as ts
from toposcope.study import adjust, class_difference, class_structure, paired_bootstrap, paired_difference

LABELS = np.repeat([0, 1], 15)


def classes(rng):
    return class_structure(ts.distances(rng.normal(size=(30, 2))), LABELS, permutations=199).p_value


def shapes(rng):
    X = rng.normal(size=(40, 2))
    return class_difference(ts.distances(X), np.repeat([0, 1], 20), 0, blocks=4, permutations=199).p_value


def layers(rng, test=paired_difference, **options):
    """Two layers of one distribution, correlated sample by sample as layers are."""
    shared = rng.normal(size=(48, 3))
    acts = {name: shared + 0.7 * rng.normal(size=(48, 3)) for name in "ab"}
    study = ts.triangulate(acts, ["euclidean"], maxdim=0, n_jobs=1)
    return test(study, *study, dim=0, **options).p_value


def diagrams(rng):
    return layers(rng, statistic="diagram", blocks=8, permutations=199)


def summaries(rng):
    return layers(rng, blocks=12, permutations=199)


@pytest.mark.parametrize("trial", [classes, shapes, summaries, diagrams])
def test_p_values_are_uniform_without_an_effect(trial):
    p = np.array([trial(np.random.default_rng(seed)) for seed in range(200)])
    # A difference of more than 0.115 is seen once in a hundred times of 200 uniform values; p-values come in steps.
    assert kstest(p, "uniform").statistic < 0.115 + 1 / len(p), np.quantile(p, [0.05, 0.25, 0.5, 0.75, 0.95])
    groups = p.reshape(-1, 5)
    for method in ("holm", "benjamini-hochberg"):
        found = np.mean([(adjust(group, method) <= 0.05).any() for group in groups])
        assert found <= 0.2, "a discovery in one of twenty groups of tests, by chance: 40 groups"


def test_p_values_of_the_bootstrap_are_not_too_small_without_an_effect():
    p = np.array([layers(np.random.default_rng(seed), paired_bootstrap, resamples=25) for seed in range(100)])
    for level in (0.01, 0.05, 0.1, 0.25):
        assert np.mean(p <= level) <= level + 2.6 * np.sqrt(level * (1 - level) / len(p))

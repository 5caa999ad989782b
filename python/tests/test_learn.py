"""Transformers for scikit-learn."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_estimator_repr,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
)

import toposcope as ts
from toposcope.learn import BettiCurves, DiagramSummaries, RipsPersistence


def clouds(count=30):
    """Rings and discs."""
    rng = np.random.default_rng(0)
    out, labels = [], []
    for i in range(count):
        angle, radius = rng.uniform(0, 2 * np.pi, 40), 1.0 if i % 2 else np.sqrt(rng.uniform(size=40))
        out.append(np.c_[radius * np.cos(angle), radius * np.sin(angle)] + 0.05 * rng.normal(size=(40, 2)))
        labels.append(i % 2)
    return out, np.array(labels)


@pytest.mark.parametrize("estimator", [RipsPersistence(), DiagramSummaries(), BettiCurves()])
@pytest.mark.parametrize(
    "check", [check_estimator_repr, check_no_attributes_set_in_init, check_parameters_default_constructible]
)
def test_estimators_follow_the_conventions_that_apply(estimator, check):
    check(type(estimator).__name__, estimator)
    assert clone(estimator).get_params() == estimator.get_params()


def test_diagrams_are_those_of_rips():
    X, _ = clouds(4)
    one = RipsPersistence(homology_dimensions=1, keep_essential=True, n_jobs=2).fit_transform(X)
    both = RipsPersistence(homology_dimensions=[0, 1], keep_essential=True).fit_transform(X)
    for cloud, loops, (components, again) in zip(X, one, both, strict=True):
        dgms = ts.rips(cloud).dgms
        np.testing.assert_array_equal(loops, dgms[1])
        np.testing.assert_array_equal(again, dgms[1])
        np.testing.assert_array_equal(components, dgms[0])
    assert all(np.isfinite(d).all() for d in RipsPersistence(homology_dimensions=0).fit_transform(X))


def test_a_pipeline_is_searched_and_tells_rings_from_discs():
    X, y = clouds()
    pipeline = Pipeline(
        [
            ("rips", RipsPersistence(homology_dimensions=1)),
            ("summaries", DiagramSummaries(["longest", "total"])),
            ("scale", StandardScaler()),
            ("classifier", LogisticRegression()),
        ]
    )
    search = GridSearchCV(pipeline, {"rips__metric": ["euclidean", "cityblock"]}, cv=3)
    search.fit(np.array(X), y)
    assert search.best_score_ > 0.9


def test_hand_over_to_gudhi_and_persim():
    from gudhi.representations import Landscape
    from persim import PersistenceImager

    X, _ = clouds(4)
    rings = RipsPersistence(homology_dimensions=1)
    assert make_pipeline(rings, Landscape(num_landscapes=2, resolution=10)).fit_transform(X).shape == (4, 20)
    images = PersistenceImager(pixel_size=0.2).fit_transform(rings.fit_transform(X))
    assert len(images) == 4 and images[1].max() > 0


def test_betti_curves():
    X, _ = clouds(6)
    diagrams = RipsPersistence(homology_dimensions=1).fit_transform(X)
    curves = BettiCurves(resolution=7).fit(diagrams)
    for row, diagram in zip(curves.transform(diagrams), diagrams, strict=True):
        by_hand = [((diagram[:, 0] <= t) & (t < diagram[:, 1])).sum() for t in curves.grid_]
        np.testing.assert_array_equal(row, by_hand)


@pytest.mark.parametrize(
    ("estimator", "X", "words"),
    [
        (RipsPersistence(homology_dimensions=-1), [np.eye(3)], "homology_dimensions=-1"),
        (RipsPersistence(), np.eye(3), "sequence of point clouds"),
        (RipsPersistence(), [np.eye(3), np.full((2, 2), np.nan)], "Cloud 1: .*nan"),
        (DiagramSummaries(["mean"]), [], "'mean'"),
        (BettiCurves(0), [], "resolution=0"),
    ],
)
def test_bad_input_gets_one_sentence(estimator, X, words):
    with pytest.raises(ValueError, match=words):
        estimator.fit(X).transform(X)

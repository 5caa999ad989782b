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
    parametrize_with_checks,
)
from sklearn.utils.validation import validate_data

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


class Rows:
    """Each row of a table as one cloud, or as one diagram, so that checks made for tables apply."""

    def fit(self, X, y=None):
        return super().fit(self._lists(X, reset=True), y)

    def transform(self, X):
        return super().transform(self._lists(X, reset=False))

    def _lists(self, X, reset):
        table = validate_data(self, X, reset=reset, dtype=float)
        if isinstance(self, RipsPersistence):
            return [row[:, None] for row in table]
        return [np.sort(np.c_[row, np.roll(row, 1)], axis=1) for row in table]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class RipsOfRows(Rows, RipsPersistence):
    """The deaths of H0 of points on a line: a table again, where diagrams would be a list."""

    def transform(self, X):
        deaths = [diagram[:, 1] for diagram in super().transform(X)]
        width = max(map(len, deaths))
        return np.array([np.pad(of_row, (0, width - len(of_row))) for of_row in deaths])


class SummariesOfRows(Rows, DiagramSummaries):
    pass


class CurvesOfRows(Rows, BettiCurves):
    pass


@parametrize_with_checks(
    [
        RipsPersistence(),
        DiagramSummaries(),
        BettiCurves(),
        RipsOfRows(homology_dimensions=0),
        SummariesOfRows(),
        CurvesOfRows(),
    ]
)
@pytest.mark.filterwarnings("ignore:Can't test estimator")
def test_estimators_follow_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [RipsPersistence(), DiagramSummaries(), BettiCurves()])
def test_checks_that_need_no_table(estimator):
    """scikit-learn leaves estimators of lists alone; these of its checks give no data."""
    for check in (check_estimator_repr, check_no_attributes_set_in_init, check_parameters_default_constructible):
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


@pytest.mark.parametrize(
    "vectors", ["Landscape", "Silhouette", "BettiCurve", "Entropy", "PersistenceImage", "TopologicalVector", "Atol"]
)
def test_hand_over_to_gudhi(vectors):
    import gudhi.representations
    from sklearn.cluster import KMeans

    X, y = clouds(12)
    options = {"Atol": {"quantiser": KMeans(2, random_state=0, n_init=1)}, "PersistenceImage": {"bandwidth": 0.1}}
    after = getattr(gudhi.representations, vectors)(**options.get(vectors, {}))
    pipeline = make_pipeline(RipsPersistence(homology_dimensions=1), after, LogisticRegression(C=100))
    search = GridSearchCV(pipeline, {"ripspersistence__metric": ["euclidean", "chebyshev"]}, cv=3, error_score="raise")
    assert search.fit(np.array(X), y).best_score_ > 0.9


def test_hand_over_to_persim():
    from persim import PersistenceImager
    from persim.landscapes import PersistenceLandscaper

    X, _ = clouds(4)
    diagrams = RipsPersistence(homology_dimensions=1).fit_transform(X)
    images = PersistenceImager(pixel_size=0.2).fit_transform(diagrams)
    assert len(images) == 4 and images[1].max() > 2 * images[0].max() > 0, "a ring and a disc"
    both = RipsPersistence(homology_dimensions=[0, 1]).fit_transform(X)
    landscapes = [PersistenceLandscaper(hom_deg=1, num_steps=50, flatten=True).fit_transform(of) for of in both]
    assert landscapes[1].max() > 2 * landscapes[0].max() > 0


def test_columns_have_names():
    X, _ = clouds(4)
    pipeline = make_pipeline(RipsPersistence([0, 1]), DiagramSummaries(["bars", "longest"])).set_output(
        transform="pandas"
    )
    table = pipeline.fit_transform(X)
    assert list(table.columns) == ["bars_0", "longest_0", "bars_1", "longest_1"]
    loops = make_pipeline(RipsPersistence(1), DiagramSummaries(["bars", "longest"])).set_output(transform="pandas")
    again = loops.fit_transform(X)
    assert list(again.columns) == ["bars", "longest"]
    np.testing.assert_array_equal(again["longest"], table["longest_1"])
    curves = make_pipeline(RipsPersistence(1), BettiCurves(3)).set_output(transform="pandas").fit_transform(X)
    assert list(curves.columns) == ["betti_0", "betti_1", "betti_2"]


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
        (BettiCurves(), RipsPersistence([0, 1]).fit_transform([np.eye(3)]), "Cloud 0 .*one diagram a cloud"),
    ],
)
def test_bad_input_gets_one_sentence(estimator, X, words):
    with pytest.raises(ValueError, match=words):
        estimator.fit(X).transform(X)

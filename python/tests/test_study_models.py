"""Two models on the same inputs, in one call."""

import numpy as np
import pytest

from toposcope.study import compare_models


def test_two_models_in_one_call():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(96, 3))
    clean, noisy = (
        {"l": X, "m": np.maximum(X, 0) + 1},
        {"l": X + 0.3 * rng.normal(size=X.shape), "m": np.maximum(X, 0) + 1},
    )
    study, table = compare_models(clean, noisy, ["euclidean", "cosine"], names=("clean", "noisy"))
    assert study.models == ("clean", "noisy") and len(table) == 4
    same = table[table["layer"] == "m"]
    assert (same[["bottleneck_0", "bottleneck_1", "rtd", "difference"]] == 0).all(axis=None) and (same["p"] == 1).all()
    assert (table[table["layer"] == "l"]["rtd"] > 0).all() and (table["p_adjusted"] >= table["p"]).all()
    with pytest.raises(ValueError, match="no layer in common"):
        compare_models({"l": X}, {"k": X}, ["euclidean"])

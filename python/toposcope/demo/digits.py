"""The demo's data: scikit-learn's 1797 images of handwritten digits, 8 x 8 pixels, the same split every time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Digits", "Split", "load_digits"]


class Split(NamedTuple):
    """Images (n, 1, 8, 8), their digits (n,), and their places in scikit-learn's data set (n,)."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]


class Digits(NamedTuple):
    """What is trained on, and what is held out."""

    train: Split
    held_out: Split


def load_digits(held_out: int = 600, seed: int = 0) -> Digits:
    """Split the images, each digit in proportion, and standardise them by mean and deviation of the training pixels.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train.images.shape, digits.held_out.images.shape
    ((1197, 1, 8, 8), (600, 1, 8, 8))
    >>> bool(set(digits.train.ids) & set(digits.held_out.ids))
    False
    """
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split

    bunch = load()
    images = bunch.images.astype(np.float32)[:, None]
    labels = bunch.target.astype(np.int64)
    ids = np.arange(len(labels))
    kept, out = train_test_split(ids, test_size=held_out, stratify=labels, random_state=seed)
    images = (images - images[kept].mean()) / images[kept].std()
    return Digits(*(Split(images[part], labels[part], part) for part in (kept, out)))

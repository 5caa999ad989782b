"""Amounts of memory, as users write them."""

from __future__ import annotations

import operator

__all__ = ["bytes_of"]

_FACTORS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def bytes_of(size: int | float | str | None) -> int:
    """The number of bytes that ``max_memory=`` stands for; 0 for no limit.

    Parameters
    ----------
    size : int, float or str, optional
        Bytes (2e9 will do), or a number with a unit: "500MB", "2 GiB". Units are powers of 1024.

    Raises
    ------
    ValueError
        For text that is no amount, and for amounts that are not positive.
    TypeError
        For anything else.

    Examples
    --------
    >>> bytes_of("2GB") == 2 * 2**30, bytes_of(1000), bytes_of(None)
    (True, 1000, 0)
    """
    if size is None:
        return 0
    given = size
    if isinstance(size, str):
        text = size.strip().upper().replace(" ", "").removesuffix("B").removesuffix("I")
        try:
            size = int(float(text.rstrip("KMGT")) * _FACTORS.get(text[-1:], 1))
        except (ValueError, OverflowError):
            raise ValueError(
                f"max_memory={given!r} is no amount of memory: give bytes, or for instance '2GB'."
            ) from None
    if isinstance(size, float) and size.is_integer():
        size = int(size)
    try:
        amount = operator.index(size)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"max_memory={given!r} is no amount of memory: give bytes, or for instance '2GB'.") from None
    if amount <= 0:
        raise ValueError(
            f"max_memory={given!r} is out of range: give a positive number of bytes, or None for no limit."
        )
    return amount

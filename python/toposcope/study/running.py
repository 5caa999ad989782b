"""Many tasks at once: by joblib, so that the same study runs on threads here or on an existing Dask or Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..metrics import reporting

__all__ = ["Task", "error_of_part", "run", "run_all"]

Task = tuple[Any, Callable[..., Any], tuple[Any, ...]]  # a key, and a call whose last argument is the number of threads

ROUND = 4  # tasks for each worker


def run(
    tasks: Sequence[Task], n_jobs: int | None = None, progress: Any = None, title: str = "study"
) -> Iterator[tuple[Any, Any, Exception | None]]:
    """Run tasks, and give each one's key with its value or its error as soon as it ends, in any order.

    Without ``n_jobs``, all processors of this process or all workers of a backend are used, unless
    ``joblib.parallel_config`` names a number. The last argument of every task is the number of threads that it may
    use: all of them when tasks run one by one, one when tasks run side by side. An error of one task does not stop the
    others. What the progress function raises, and Ctrl-C, do.
    """
    from joblib.parallel import get_active_backend

    if n_jobs is None:
        _, configured = get_active_backend()
        n_jobs = -1 if configured is None else configured
    elif not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0:
        raise ValueError(f"n_jobs={n_jobs!r} is out of range: give a number from 1, or -1 for all processors.")
    backend, _ = get_active_backend(prefer="threads")
    one_by_one = n_jobs == 1 or (
        getattr(backend, "uses_threads", False) and min(backend.effective_n_jobs(n_jobs), len(tasks)) <= 1
    )
    with reporting(progress, title) as report:
        if report is not None:
            report(0, len(tasks))
        ended: Iterator[Any]
        if one_by_one:
            ended = (_attempt(key, function, (*arguments, None)) for key, function, arguments in tasks)
        else:
            ended = _side_by_side(tasks, n_jobs, backend)
        for done, result in enumerate(ended, 1):
            yield result
            if report is not None:
                report(done, len(tasks))


def run_all(
    tasks: Sequence[Task], n_jobs: int | None = None, progress: Any = None, title: str = "study"
) -> Iterator[tuple[Any, Any]]:
    """`run` where every value is needed: keys are parts, and the first error that comes up is raised with its part."""
    for key, value, error in run(tasks, n_jobs, progress, title):
        if error is not None:
            raise error_of_part(key, error) from error
        yield key, value


def _side_by_side(tasks: Sequence[Task], n_jobs: int, backend: Any) -> Iterator[Any]:
    from joblib import Parallel, delayed

    jobs = [delayed(_attempt)(key, function, (*arguments, 1)) for key, function, arguments in tasks]
    if backend.supports_return_generator:
        yield from Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator_unordered")(jobs)
        return
    # Ray's backend gives nothing before all is done: small rounds, so that what was done is kept.
    with Parallel(n_jobs=n_jobs, prefer="threads", batch_size=1) as parallel:
        size = ROUND * backend.effective_n_jobs(n_jobs)  # known only now: a cluster may just have been started
        for first in range(0, len(jobs), size):
            yield from parallel(jobs[first : first + size])


def _attempt(key: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return key, function(*arguments), None
    except Exception as error:
        return key, None, error


def error_of_part(key: tuple[str | None, ...], error: Exception) -> Exception:
    """An error of the same kind that says in which part it came up.

    >>> error_of_part((None, "layer", "cosine"), ValueError("zero vectors."))
    ValueError("'layer' under 'cosine': zero vectors.")
    """
    words = f"{' under '.join(map(repr, key[-2:]))}: {error}"
    try:
        return type(error)(words)
    except Exception:  # of a kind that is not made from one sentence
        return RuntimeError(words)

"""Many tasks at once: by joblib, so that the same study runs on threads here or on an existing Dask or Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..metrics import reporting

__all__ = ["Task", "run"]

Task = tuple[Any, Callable[..., Any], tuple[Any, ...]]  # a key, and a call whose last argument is the number of threads


def run(
    tasks: Sequence[Task], n_jobs: int | None = None, progress: Any = None, title: str = "study"
) -> Iterator[tuple[Any, Any, Exception | None]]:
    """Run tasks, and give each one's key with its value or its error as soon as it ends, in any order.

    The last argument of every task is the number of threads that it may use: all of them when tasks run one by one,
    one when tasks run side by side. An error of one task does not stop the others. What the progress function raises,
    and Ctrl-C, do.
    """
    from joblib import Parallel, cpu_count, delayed, effective_n_jobs
    from joblib.parallel import get_active_backend

    if n_jobs is None:
        backend, configured = get_active_backend(prefer="threads")
        # Outside joblib.parallel_config the engine's threads are cheap: take all processors of this process.
        default = type(backend).__name__ in ("ThreadingBackend", "SequentialBackend") and configured == 1
        n_jobs = cpu_count() if default else configured
    with reporting(progress, title) as report:
        side_by_side = min(effective_n_jobs(n_jobs), len(tasks)) > 1
        if report is not None:
            report(0, len(tasks))
        ended: Iterator[Any]
        if side_by_side:
            jobs = (delayed(_attempt)(key, function, (*arguments, 1)) for key, function, arguments in tasks)
            ended = _results(Parallel, n_jobs, jobs)
        else:
            ended = (_attempt(key, function, (*arguments, None)) for key, function, arguments in tasks)
        for done, result in enumerate(ended, 1):
            yield result
            if report is not None:
                report(done, len(tasks))


def _results(Parallel: Any, n_jobs: int, jobs: Any) -> Iterator[Any]:
    try:
        parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator_unordered")
    except (ValueError, TypeError):  # a backend, or a joblib, that gives nothing before all is done
        parallel = Parallel(n_jobs=n_jobs, prefer="threads")
    return iter(parallel(jobs))


def _attempt(key: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return key, function(*arguments), None
    except Exception as error:
        return key, None, error

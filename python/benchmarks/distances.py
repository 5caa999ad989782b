"""Distances beside SciPy, scikit-learn and PyTorch: times and errors, in one run.

    python -m benchmarks.distances            # the whole grid, as far as the limit allows; writes docs/distances.md
    python -m benchmarks.distances --metrics cosine --points 500 --threads 1    # a part of it, merged with the rest
    python -m benchmarks.distances --quick    # small shapes only; prints

One thread is timed by the processor time of the process, which other work on the machine disturbs least; two threads by
the clock. Every entry is the median of `--repeat` calls, the libraries taking turns; calls of more than two seconds are
made once. A call is left out that would take longer than `--limit` seconds, judged by the same library and metric on a
smaller shape, or longer than `--slow` seconds and ten times ours. The multiply-adds of the processor are measured at
the start of every part, and shares of the peak are taken of those. Two threads are timed on shapes of up to
`GREATEST_OF_SEVERAL` pairs times coordinates.

"Empty result" is what it takes to get an array of the result's size from NumPy and to write to all of it, by `np.full`
or past the caches (write.c), whichever is faster. "At most" is how many times as long SciPy's pdist takes as an empty
result, or as the operations of the sums (`OPERATIONS`) at the measured peak, whichever takes longer: nothing that gives
all distances in this way can be faster, so where it is less than ten, ten times pdist is out of reach.

Mahalanobis with the covariance of Ledoit and Wolf is compared with scikit-learn's: its `LedoitWolf`, the Cholesky
factor of the inverse, and Euclidean distances of the product, as far as a d x d matrix goes.

OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are not passed on, so that the peers run the kernels that their linear algebra
chooses for this processor; which ones is written down.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = int(os.environ.get("TOPOSCOPE_BENCH_THREADS", "1"))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = str(THREADS)  # before the libraries are imported

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "distances.md"
POINTS = (500, 2000, 5000)
COORDINATES = (16, 64, 512, 2048, 16384, 150_000)
MEASURED = ("euclidean", "sqeuclidean", "cosine", "cityblock", "chebyshev", "correlation")  # for errors
METRICS = ("euclidean", "cosine", "cityblock", "chebyshev", "correlation", "mahalanobis")
WHITENED = (1000, 150_000)  # one shape more for Mahalanobis, whose larger shapes with n = 5000 are left out
GREATEST_COVARIANCE = 2048  # coordinates for which a d x d matrix is inverted
GREATEST_OF_SEVERAL = 1e10
EMPTY, PAST = "empty result", "empty result, past the caches"
# Vector instructions a pair and coordinate, each of which takes the place of a multiply-add: a product; a difference,
# its magnitude and a sum; a difference and the greater magnitude of two.
OPERATIONS = {"euclidean": 1, "cosine": 1, "correlation": 1, "cityblock": 3, "chebyshev": 2}
Call = Callable[[NDArray[np.float32]], object]


def libraries(metric: str) -> dict[str, Call]:
    """The calls that give all distances of one metric, by library."""
    import torch
    from scipy.spatial.distance import pdist
    from sklearn.metrics import pairwise_distances

    import toposcope as ts

    torch.set_num_threads(THREADS)
    write = past_caches()
    calls: dict[str, Call] = {"Toposcope": lambda x: ts.distances(x, metric=metric, n_threads=THREADS)}
    calls[EMPTY] = lambda x: np.full((len(x), len(x)), 1, np.float32)
    calls[PAST] = lambda x: write(np.empty((len(x), len(x)), np.float32))
    if metric == "mahalanobis":
        calls["scikit-learn"] = by_covariance
        return calls
    if THREADS == 1:
        calls["SciPy pdist"] = lambda x: pdist(x, metric)
    names = {"cityblock": "manhattan"}
    calls["scikit-learn"] = lambda x: pairwise_distances(x, metric=names.get(metric, metric), n_jobs=THREADS)
    p = {"euclidean": 2.0, "cityblock": 1.0, "chebyshev": float("inf")}.get(metric)
    if p is not None:
        calls["torch.cdist"] = lambda x: torch.cdist(torch.from_numpy(x), torch.from_numpy(x), p=p)
    return calls


def past_caches() -> Callable[[NDArray[np.float32]], object]:
    """A function that writes to all of an array past the caches."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "write.so"
        compile_c("write.c", path, "-shared", "-fPIC")
        function = ctypes.CDLL(str(path)).write_past_caches
    function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_size_t], None
    return lambda out: function(out.ctypes.data, out.size)


def by_covariance(x: NDArray[np.float32]) -> object:
    """Mahalanobis as scikit-learn and NumPy do it: the strongest way, without n^2 d^2 operations."""
    from sklearn.covariance import LedoitWolf
    from sklearn.metrics import pairwise_distances

    x = x.astype(np.float64)
    return pairwise_distances(x @ np.linalg.cholesky(LedoitWolf().fit(x).precision_), n_jobs=THREADS)


def clock() -> float:
    return time.process_time() if THREADS == 1 else time.perf_counter()


def times(metrics: list[str], shapes: list[tuple[int, int]], options: argparse.Namespace) -> list[dict[str, object]]:
    """Median seconds of each library on each shape, smallest shapes first."""
    speed = peak()
    calls = {metric: libraries(metric) for metric in metrics}
    rates: dict[tuple[str, str], float] = {}  # seconds a pair and coordinate, from the largest shape so far
    rows = []
    for n, d in sorted({*shapes, WHITENED} if "mahalanobis" in metrics else shapes, key=lambda s: s[0] ** 2 * s[1]):
        x = np.random.default_rng(n + d).standard_normal((n, d), dtype=np.float32)
        work = n * n / 2 * d
        for metric in metrics:
            if (n > 2000) if metric == "mahalanobis" else (n, d) not in shapes:
                continue
            if THREADS > 1 and work > GREATEST_OF_SEVERAL:
                continue
            guesses = {library: rates.get((metric, library), 0) * work for library in calls[metric]}
            tenfold = max(options.slow, 10 * guesses["Toposcope"])
            bound = min(options.limit, tenfold)
            chosen = [library for library in calls[metric] if library in (EMPTY, PAST) or guesses[library] <= bound]
            if metric == "mahalanobis" and d > GREATEST_COVARIANCE:
                chosen = ["Toposcope", EMPTY, PAST]
            runs: dict[str, list[float]] = {library: [] for library in chosen}
            for turn in range(options.repeat):
                for library in chosen:
                    if turn > 0 and runs[library][0] > 2:
                        continue
                    start = clock()
                    calls[metric][library](x)
                    runs[library].append(clock() - start)
            seconds = {library: statistics.median(values) for library, values in runs.items()}
            seconds[EMPTY] = min(seconds[EMPTY], seconds.pop(PAST))
            if work > 1e7:
                rates |= {(metric, library): value / work for library, value in seconds.items()}
            rows.append({"metric": metric, "n": n, "d": d, "threads": THREADS, "peak": speed, "seconds": seconds})
            print(metric, n, d, {k: round(v, 4) for k, v in seconds.items()}, file=sys.stderr, flush=True)
    return rows


# ------------------------------------------------------------------------------------------------- errors ---------- #


def clouds() -> dict[str, NDArray[np.float32]]:
    """Points on which distances go wrong."""
    rng = np.random.default_rng(5)
    base = rng.standard_normal((1, 700))
    near = base * (1 + 1e-6 * rng.standard_normal((40, 700)))
    return {
        "normal": rng.standard_normal((60, 700)).astype(np.float32),
        "near-duplicates, 1e-6": near.astype(np.float32),
        "offset 1000": (rng.standard_normal((60, 700)) + 1000).astype(np.float32),
        "rectified": np.maximum(rng.standard_normal((60, 700)) + 0.3, 0).astype(np.float32),
        "equal differences": np.outer(rng.random(40), np.ones(20_000)).astype(np.float32),
        "d = 20,000": rng.standard_normal((12, 20_000)).astype(np.float32),
        "half precision, 3e4": (rng.standard_normal((40, 700)) * 8000).clip(-6e4, 6e4).astype(np.float16),
    }


def exact(x: NDArray[np.float32], metric: str) -> NDArray[np.longdouble]:
    """The definitions in extended precision (64 bits), differences first."""
    x = x.astype(np.longdouble)
    if metric == "correlation":
        x = x - x.mean(axis=1, keepdims=True)
    if metric in ("cosine", "correlation"):
        x = x / np.sqrt((x * x).sum(axis=1, keepdims=True))
    out = np.zeros((len(x), len(x)), np.longdouble)
    for i, row in enumerate(x):
        difference = np.abs(x - row)
        out[i] = {
            "cityblock": lambda d: d.sum(axis=1),
            "chebyshev": lambda d: d.max(axis=1),
            "euclidean": lambda d: np.sqrt((d * d).sum(axis=1)),
            "sqeuclidean": lambda d: (d * d).sum(axis=1),
        }.get(metric, lambda d: (d * d).sum(axis=1) / 2)(difference)
    return out


def errors() -> list[dict[str, object]]:
    """The greatest error of each library, in units in the last place of the exact single-precision distance."""
    from scipy.spatial.distance import squareform

    rows = []
    for metric in MEASURED:
        calls = libraries(metric)
        for name, x in clouds().items():
            if name == "equal differences" and metric in ("cosine", "correlation"):
                continue  # all parallel: their distances are zero
            truth = exact(x, metric)
            off = ~np.eye(len(x), dtype=bool)
            row: dict[str, float] = {}
            for library, call in calls.items():
                if library in (EMPTY, PAST):
                    continue
                try:
                    d = np.asarray(call(x if library == "Toposcope" else x.astype(np.float32)))
                except Exception as problem:  # a library may refuse what others take
                    print(metric, name, library, problem, file=sys.stderr)
                    continue
                d = squareform(d) if d.ndim == 1 else d
                with np.errstate(all="ignore"):
                    wrong = np.abs(d.astype(np.longdouble) - truth) / np.spacing(truth.astype(np.float32))
                row[library] = float(wrong[off].max())
            rows.append({"metric": metric, "cloud": name, "ulps": row})
    return rows


# --------------------------------------------------------------------------------------------------- page ---------- #


def peak() -> float:
    """Billions of multiply-adds a second of one thread, measured."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        compile_c("peak.c", program)
        return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def compile_c(name: str, to: Path, *flags: str) -> None:
    command = ["gcc", "-O3", "-march=native", "-ffp-contract=fast", *flags, str(HERE / name), "-o", str(to)]
    subprocess.run(command, check=True)


def number(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2g}" if seconds < 10 else f"{seconds:.0f}"


PEERS = ["SciPy pdist", "scikit-learn", "torch.cdist"]


def bounds(row: dict) -> dict[str, float]:
    """Seconds that nothing can be faster than, by what takes them."""
    least = {f"an {EMPTY}": row["seconds"][EMPTY]}
    if row["metric"] in OPERATIONS:
        work = OPERATIONS[row["metric"]] * row["n"] * (row["n"] - 1) / 2 * row["d"]
        least["the operations"] = work / (row["peak"] * 1e9 * row["threads"])
    return least


def at_most(row: dict) -> float:
    """How many times as fast as SciPy's pdist anything can be."""
    return row["seconds"]["SciPy pdist"] / max(bounds(row).values())


def listed(rows: list[dict]) -> str:
    """Shapes by metric."""
    out = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        shapes = [f"{row['n']} x {row['d']} ({at_most(row):.1f})" for row in rows if row["metric"] == metric]
        out.append(f"{metric} {', '.join(shapes)}")
    return "; ".join(out) or "none"


def summary(rows: list[dict]) -> list[str]:
    """What the rows of one number of threads come to: how SciPy's pdist compares, and who is faster than we are."""

    def span(against: str, d: int) -> str:
        ratios = [row["seconds"]["SciPy pdist"] / row["seconds"][against] for row in by_scipy if row["d"] == d]
        least, most = f"{min(ratios):.2g}", f"{max(ratios):.2g}"
        return least if least == most else f"{least} to {most}"

    out = []
    by_scipy = [row for row in rows if "SciPy pdist" in row["seconds"]]
    if by_scipy:
        few, *more = sorted({row["d"] for row in by_scipy})
        spans = [f"{span('Toposcope', few)} times as long as ours with {few} coordinates"]
        spans += [f"{span('Toposcope', d)} with {d}" for d in more]
        out.append(f"- SciPy's pdist takes {', '.join(spans)}.")
        short = [row for row in by_scipy if row["seconds"]["SciPy pdist"] < 10 * row["seconds"]["Toposcope"]]
        out.append(f"- It takes less than ten times as long as ours in {len(short)} of {len(by_scipy)} rows.")
        for what in (f"an {EMPTY}", "the operations"):
            shut = [row for row in short if at_most(row) < 10 and max(bounds(row), key=bounds(row).__getitem__) == what]
            out.append(f"  - Ten times is out of reach, because {what} alone would take longer: {listed(shut)}.")
        left = [row for row in short if at_most(row) >= 10]
        out.append(f"  - No such bound is known (at most): {listed(left)}.")
    faster = [
        f"{peer}, {row['metric']}, {row['n']} x {row['d']} ({row['seconds'][peer] / row['seconds']['Toposcope']:.2f})"
        for peer in PEERS
        for row in rows
        if row["seconds"].get(peer, float("inf")) < row["seconds"]["Toposcope"]
    ]
    out.append(f"- Faster than ours, with the part of our time: {'; '.join(faster) or 'none'}.")
    return out


def tables(results: dict) -> str:
    out = [f"Machine: {results['machine']}; {results['versions']}; {results['kernels']}. `-`: not offered, or refused."]
    if results["times"]:
        peaks = [row["peak"] for row in results["times"]]
        out.append(
            f"Multiply-adds a second of one thread, measured before each part: {min(peaks):.1f} to {max(peaks):.1f} "
            f"billion in single precision. Points are normal, single precision. Medians of {results['repeat']} calls; "
            f"`-` also where one would have taken more than {results['limit']:g} s, or more than {results['slow']:g} s "
            "and ten times ours, or needs more memory. Mahalanobis is computed in double precision and has no share."
        )
    for threads in sorted({row["threads"] for row in results["times"]}):
        which = "one thread, processor time" if threads == 1 else f"{threads} threads, time on the clock"
        out.append(f"\n### Seconds, {which}\n")
        rows = [row for row in results["times"] if row["threads"] == threads and "Toposcope" in row["seconds"]]
        rows.sort(key=lambda row: (METRICS.index(row["metric"]), row["n"], row["d"]))
        out += [*summary(rows), ""]
        head = ["metric", "n", "d", "Toposcope", "share of peak", EMPTY, *PEERS]
        head += ["fastest peer / ours", "pdist / ours", "at most", "reached"]
        out.append("| " + " | ".join(head) + " |")
        out.append("|---" * len(head) + "|")
        for row in rows:
            ours = row["seconds"]["Toposcope"]
            share = row["n"] ** 2 / 2 * row["d"] / ours / (row["peak"] * 1e9 * threads)
            others = [row["seconds"][p] for p in PEERS if p in row["seconds"]]
            ratio = f"{min(others) / ours:.1f}" if others else "-"
            cells = [row["metric"], row["n"], row["d"], number(ours)]
            cells += ["-" if row["metric"] == "mahalanobis" else f"{100 * share:.0f} %"]
            cells += [number(row["seconds"].get(EMPTY))]
            slow = row["seconds"].get("SciPy pdist")
            cells += [number(row["seconds"].get(p)) for p in PEERS] + [ratio]
            reached = slow / ours / at_most(row) if slow else 0
            cells += [f"{slow / ours:.1f}", f"{at_most(row):.1f}", f"{100 * reached:.0f} %"] if slow else ["-"] * 3
            out.append("| " + " | ".join(map(str, cells)) + " |")
    out.append("\n### Greatest error, in units in the last place of the exact single-precision distance\n")
    out.append("| metric | points | " + " | ".join(["Toposcope", *PEERS]) + " |")
    out.append("|---|---|" + "---|" * 4)
    for row in results["errors"]:
        cells = [f"{row['ulps'][p]:.3g}" if p in row["ulps"] else "-" for p in ["Toposcope", *PEERS]]
        out.append(f"| {row['metric']} | {row['cloud']} | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def write(results: dict, page: Path) -> None:
    """Put the tables between the page's markers."""
    begin, end = "<!-- measured: begin -->\n", "<!-- measured: end -->"
    text = page.read_text()
    head, rest = text.split(begin)
    page.write_text(head + begin + tables(results) + end + rest.split(end)[1])


def versions() -> str:
    import scipy
    import sklearn
    import torch

    return (
        f"NumPy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}, "
        f"PyTorch {torch.__version__}"
    )


def kernels() -> str:
    """Which kernels the linear algebra of the peers has chosen."""
    import sklearn.utils  # noqa: F401
    import torch
    from threadpoolctl import threadpool_info

    np.ones((64, 64), np.float32) @ np.ones((64, 64), np.float32)
    found = {
        f"{info['internal_api']} {info['version']} with kernels for {info.get('architecture', 'this processor')}"
        for info in threadpool_info()
        if info["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) + f"; PyTorch's own for {torch.backends.cpu.get_cpu_capability()}"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{name}, {os.cpu_count()} processors"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.distances", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small shapes only, printed")
    parser.add_argument("--limit", type=float, default=20, metavar="SECONDS", help="of one call")
    parser.add_argument("--slow", type=float, default=4, metavar="SECONDS", help="of a peer ten times slower than ours")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--metrics", default=",".join(METRICS))
    parser.add_argument("--points", default=",".join(map(str, POINTS)), metavar="N,...")
    parser.add_argument("--coordinates", default=",".join(map(str, COORDINATES)), metavar="D,...")
    parser.add_argument("--threads", default="1,2", metavar="N,...")
    parser.add_argument("--only", choices=["times", "errors"], help="by default both")
    parser.add_argument("--results", type=Path, default=PAGE.with_suffix(".json"), help="numbers, kept and merged")
    parser.add_argument("--memory", type=float, default=16, metavar="GB", help="for points, a copy and the result")
    parser.add_argument("--part", choices=["times", "errors", "kernels"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.metrics.split(",")
    if unknown := [metric for metric in chosen if metric not in METRICS]:
        parser.error(f"--metrics: {', '.join(unknown)} is not one of {', '.join(METRICS)}.")
    results = json.loads(options.results.read_text()) if options.results.exists() and not options.quick else {}
    before = results.get("times", [])
    if options.part == "kernels":
        print(json.dumps(kernels()))
        return
    if options.part == "errors":
        print(json.dumps(errors()))
        return
    if options.part == "times":
        sizes = [(int(n), int(d)) for n in options.points.split(",") for d in options.coordinates.split(",")]
        grid = [(n, d) for n, d in sizes if 4e-9 * (2 * n * d + n * n) <= options.memory]
        print(json.dumps(times(chosen, [s for s in grid if not options.quick or s[0] ** 2 * s[1] <= 3e9], options)))
        return

    def part(name: str, threads: int) -> Any:
        command = [sys.executable, "-m", "benchmarks.distances", "--part", name, *sys.argv[1:]]
        environment = os.environ | {"TOPOSCOPE_BENCH_THREADS": str(threads)}
        for slow in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            environment.pop(slow, None)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        return json.loads(done.stdout)

    measured = (
        [] if options.only == "errors" else [r for t in options.threads.split(",") for r in part("times", int(t))]
    )
    again = {(row["metric"], row["n"], row["d"], row["threads"]) for row in measured}
    results |= {
        "machine": processor(),
        "versions": versions(),
        "kernels": part("kernels", 1),
        "limit": options.limit,
        "slow": options.slow,
        "repeat": options.repeat,
        "times": [r for r in before if (r["metric"], r["n"], r["d"], r["threads"]) not in again] + measured,
        "errors": results.get("errors", []) if options.only == "times" else part("errors", 1),
    }
    results.pop("peak", None)
    if options.quick:
        print(tables(results))
        return
    options.results.write_text(json.dumps(results, indent=1) + "\n")
    write(results, PAGE)


if __name__ == "__main__":
    main()

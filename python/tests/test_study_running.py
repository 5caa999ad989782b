"""Studies on threads, processes and clusters; stopped, killed and taken up again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from small_layers import METRICS, clouds, same

import toposcope as ts
from toposcope.study.running import ROUND, run


@pytest.fixture(scope="module")
def study():
    return ts.triangulate(clouds(), METRICS, n_jobs=1)


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_backends_agree(study, backend, n_jobs):
    with joblib.parallel_config(backend=backend, n_jobs=n_jobs):
        same(ts.triangulate(clouds(), METRICS), study)


def test_a_dask_cluster_agrees(study):
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        assert_runs_elsewhere(study)


@pytest.fixture(scope="module")
def ray_backend():
    ray = pytest.importorskip("ray", reason="ray is not installed (pip install ray)")
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    yield
    ray.shutdown()


def test_a_ray_cluster_agrees(study, ray_backend):
    with joblib.parallel_config(backend="ray"):
        assert_runs_elsewhere(study)
        seen = []
        many = {str(seed): clouds(seed=seed)["ring"] for seed in range(2 * ROUND + 1)}
        ts.triangulate(many, ["euclidean"], progress=lambda done, total: seen.append((done, time.perf_counter())))
        at = dict(seen)
        assert at[2 * ROUND + 1] > at[2 * ROUND], "the first round is there before the second is done"


def assert_runs_elsewhere(study):
    """Under a cluster's backend parts are the same, are computed in other processes, and fail by themselves."""
    same(ts.triangulate(clouds(), METRICS), study)
    layers = {**clouds(), "dead": np.zeros((40, 3))}
    with pytest.warns(UserWarning, match="1 of 3 parts failed.*'dead', 'cosine'"):
        assert len(ts.triangulate(layers, ["cosine"])) == 2
    assert not {pid for _, pid, _ in run([(i, lambda threads: os.getpid(), ()) for i in range(4)])} & {
        None,
        os.getpid(),
    }
    assert study.table(resamples=3).equals(ts.triangulate(clouds(), METRICS).table(resamples=3))


def test_the_number_of_jobs_is_what_is_asked():
    def threads(**options):
        def seen(n_threads):
            time.sleep(0.02)
            return threading.get_ident(), n_threads

        return [value for _, value, _ in run([(i, seen, ()) for i in range(6)], **options)]

    assert set(threads(n_jobs=1)) == {(threading.get_ident(), None)}
    with joblib.parallel_config(n_jobs=1):
        assert set(threads()) == {(threading.get_ident(), None)}
        assert len({ident for ident, _ in threads(n_jobs=3)}) == 3
    with joblib.parallel_config(n_jobs=3):
        side_by_side = threads()
    assert len({ident for ident, _ in side_by_side}) == 3 and {count for _, count in side_by_side} == {1}
    for wrong in (0, 1.5, "two"):
        with pytest.raises(ValueError, match=f"n_jobs={wrong!r}"):
            ts.triangulate(clouds(), METRICS, n_jobs=wrong)


def test_progress_counts_and_cancels():
    seen = []
    ts.triangulate(clouds(), METRICS, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 8) and seen[-1] == (8, 8) and sorted(seen) == seen

    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise Stop

    threads = threading.active_count()
    with pytest.raises(Stop):
        ts.triangulate(clouds(), METRICS, progress=stop)
    assert threading.active_count() <= threads + 2


def test_a_stopped_study_goes_on_from_its_checkpoint(tmp_path, study):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ts.triangulate(clouds(), METRICS, progress=stop, checkpoint=tmp_path, n_jobs=1)
    kept = {file.name for file in tmp_path.iterdir()}
    assert len(kept) == 3
    seen = []
    again = ts.triangulate(clouds(), METRICS, checkpoint=tmp_path, progress=lambda d, t: seen.append(t))
    assert set(seen) == {5} and len(list(tmp_path.iterdir())) == 8
    same(again, study)
    other = ts.triangulate(clouds(seed=1), METRICS, checkpoint=tmp_path)
    assert not np.array_equal(other["ring", "euclidean"].dgms[0], again["ring", "euclidean"].dgms[0])


CHILD = """
import sys, time
import small_layers
import toposcope as ts

def progress(done, total):
    print(done, flush=True)
    if done == 5:
        time.sleep(float(sys.argv[3]))

layers = {str(seed): small_layers.clouds(seed=seed)["blob"] for seed in range(12)}
ts.triangulate(layers, small_layers.METRICS, checkpoint=sys.argv[1], n_jobs=int(sys.argv[2]), progress=progress)
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_study_that_is_killed_goes_on_from_its_checkpoint(tmp_path, blow, n_jobs):
    """A process of its own is killed, or interrupted as by Ctrl-C, when five of 48 parts are done."""
    place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    script = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler){CHILD}"
    child = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path, str(n_jobs), "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place,
    )  # fmt: skip
    while child.stdout.readline() != "5\n":
        assert child.poll() is None, child.stderr.read()
    child.send_signal(blow)
    _, words = child.communicate(timeout=30)
    assert child.returncode != 0 and ("KeyboardInterrupt" in words) == (blow == signal.SIGINT)
    before = {file.name: file.read_bytes() for file in tmp_path.glob("*.npz")}
    assert 5 <= len(before) < 48

    layers = {str(seed): clouds(seed=seed)["blob"] for seed in range(12)}
    left = []
    again = ts.triangulate(layers, METRICS, checkpoint=tmp_path, progress=lambda done, total: left.append(total))
    assert set(left) == {48 - len(before)}
    assert all((tmp_path / name).read_bytes() == content for name, content in before.items()), "not computed again"
    same(again, ts.triangulate(layers, METRICS))


def test_a_damaged_checkpoint_is_computed_again(tmp_path, study):
    ts.triangulate(clouds(), METRICS, checkpoint=tmp_path)
    cut, emptied, other, *_ = sorted(tmp_path.iterdir())
    cut.write_bytes(cut.read_bytes()[:100])
    emptied.write_bytes(b"")
    study.save(other)
    seen = []
    again = ts.triangulate(clouds(), METRICS, checkpoint=tmp_path, progress=lambda done, total: seen.append(total))
    same(again, study)
    assert set(seen) == {3}


def test_samples_that_fail_are_named_and_the_other_parts_have_intervals():
    """Of 40 points all but three coincide: half-samples that miss those three have no scale."""
    X = np.zeros((40, 2))
    X[:3] = [[1, 0], [0, 2], [3, 3]]
    study = ts.triangulate({"fine": clouds()["blob"], "coincide": X}, ["euclidean"])
    with pytest.warns(UserWarning, match=r"1 of 2 parts have no intervals.*'coincide'.*The scale 'q90'"):
        fine, coincide = study.table().to_dict("records")
    assert fine["total_0_low"] < fine["total_0"] < fine["total_0_high"]
    assert coincide["total_0"] > 0 and np.isnan([coincide["total_0_low"], coincide["longest_1_high"]]).all()
    with pytest.raises(ValueError, match="'coincide' under 'euclidean': The scale"):
        ts.study.compare_layers(study, blocks=6)

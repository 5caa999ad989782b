"""The shared library as it is installed: what it needs, what it exports, and that it keeps its manners."""

import ctypes
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts

HEADER = Path(ts.get_include()) / "toposcope.h"
LIBRARY = Path(ts.get_library())


def needs(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@needs("readelf")
def test_library_needs_no_swift():
    dynamic = output("readelf", "-d", str(LIBRARY))
    needed = set(re.findall(r"NEEDED.*\[(.+?)\]", dynamic))
    allowed = {"libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libpthread.so.0", "libdl.so.2"}
    assert {name for name in needed if not name.startswith("ld-linux")} <= allowed
    assert "[libtoposcope.so]" in "".join(line for line in dynamic.splitlines() if "SONAME" in line)
    assert "NODELETE" in dynamic


@needs("nm")
def test_library_exports_the_header_and_nothing_else():
    symbols = [line.split() for line in output("nm", "-D", "--defined-only", str(LIBRARY)).splitlines()]
    exported = {name for _, kind, name in symbols if kind.isupper()}  # lower case: local
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    declared = set(re.findall(r"\b(tps_\w+)\s*\(", text))
    assert exported == declared


@needs("gcc", "g++")
@pytest.mark.parametrize(
    "compiler",
    [("gcc", "-std=c99", "-pedantic", "-x", "c"), ("g++", "-std=c++11", "-pedantic", "-x", "c++")],
    ids=["c99", "c++11"],
)
def test_header_compiles(compiler):
    subprocess.run(
        [*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-"],
        input=f'#include "{HEADER}"\n',
        text=True,
        check=True,
    )


def test_null_pointers_are_statuses():
    library = ctypes.CDLL(str(LIBRARY))
    assert library.tps_rips_points(None, None, None, None, None) == 1
    assert library.tps_distances(None, None, 1, None, None, None, None, None) == 1
    assert library.tps_rips_get_facts(None, None) == 1
    library.tps_rips_free(None)
    library.tps_metric_init(None)
    library.tps_rips_options_init(None)


def test_gil_is_released():
    """Another Python thread runs while the core computes."""
    X = np.random.default_rng(0).normal(size=(1500, 256)).astype(np.float32)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.monotonic()
    ts.rips(X, maxdim=1, n_threads=1)
    ended = time.monotonic()
    stop.set()
    thread.join()
    assert any(begun < at < ended for at in ticks)


def _diagram_in_child(queue):
    queue.put(ts.rips(np.random.default_rng(1).normal(size=(200, 3))).dgms[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_works_after_fork():
    expected = ts.rips(np.random.default_rng(1).normal(size=(200, 3))).dgms[1]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_diagram_in_child, args=(queue,))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=60), expected)
    child.join()


class Enough(Exception):
    pass


def stop(done, total):
    raise Enough


def test_progress_is_heard_and_may_stop():
    X = np.random.default_rng(2).normal(size=(2000, 64))
    heard = []
    ts.rips(X, progress=lambda done, total: heard.append((done, total)))
    assert heard and all(0 <= done <= total for done, total in heard)

    with pytest.raises(Enough):
        ts.rips(X, progress=stop)
    with pytest.raises(Enough):
        ts.distances(X, progress=stop)
    assert ts.rips(X[:50]).dgms[0].shape == (50, 2)


def test_progress_of_representatives_is_heard_and_may_stop():
    angle = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    X = np.c_[np.cos(angle), np.sin(angle)] + 0.01 * np.random.default_rng(2).normal(size=(800, 2))
    r = ts.rips(X, cocycles=True)
    for dimension in range(2):
        heard = []
        r.cycle(dimension, 0, progress=lambda done, total, heard=heard: heard.append((done, total)))
        assert heard and all(0 <= done <= total for done, total in heard)

    with pytest.raises(Enough):
        r.cycle(1, 1, progress=stop)
    with pytest.raises(Enough):
        r._handle.cocycle(1, 0, stop)
    assert r.cycle(1, 0)[0] in range(800)
    assert len(r.cocycles[1][0])


@pytest.mark.parametrize(
    "call",
    [
        "ts.rips(X, maxdim=2)",
        "ts.rips(X, maxdim=1)",
        "ts.distances(Y)",
        "r.cycle(1, 0)",
        "r.cocycles; r = ts.rips(C, cocycles=True)",
    ],
)
def test_interrupt_stops_a_long_call(call):
    """Ctrl-C becomes KeyboardInterrupt, and Python goes on."""
    program = textwrap.dedent(
        f"""
        import os, signal, threading, time
        import numpy as np
        import toposcope as ts
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
        rng = np.random.default_rng(0)
        X = rng.normal(size=(6000, 3)); X /= np.linalg.norm(X, axis=1, keepdims=True)
        Y = rng.normal(size=(6000, 8000)).astype(np.float32)
        angle = rng.uniform(0, 2 * np.pi, 1500)
        C = np.c_[np.cos(angle), np.sin(angle)] + 0.1 * rng.normal(size=(1500, 2))
        r = ts.rips(C, cocycles=True)
        sent = []
        def interrupt():
            time.sleep(0.3)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt).start()
        try:
            while True:
                {call}
        except KeyboardInterrupt:
            print("interrupted after", time.monotonic() - sent[0])
        assert ts.rips(X[:10]).dgms[0].shape == (10, 2)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("interrupted after")


def test_signal_module_is_left_alone():
    before = signal.getsignal(signal.SIGINT)
    ts.rips(np.eye(5))
    assert signal.getsignal(signal.SIGINT) is before

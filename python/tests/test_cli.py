"""The command line: what it prints and writes, and one sentence with exit code 2 for what is wrong."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import toposcope as ts
from toposcope.array_files import read_array
from toposcope.cli import main

POINTS = np.random.default_rng(3).normal(size=(40, 3))


@pytest.fixture
def points(tmp_path):
    np.save(tmp_path / "points.npy", POINTS)
    return str(tmp_path / "points.npy")


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"toposcope {ts.__version__}\n"


def test_module_and_command_are_the_same():
    done = subprocess.run([sys.executable, "-m", "toposcope", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"toposcope {ts.__version__}\n")


@pytest.mark.parametrize(
    ("options", "metric"),
    [([], "euclidean"), (["--metric", "cosine"], "cosine"), (["--k", "5"], ts.RelativeNeighborhood(k=5))],
    ids=["euclidean", "cosine", "k"],
)
def test_rips_writes_the_bars(points, options, metric, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["rips", points, *options, "--maxdim", "2", "-o", str(out)]) == 0
    assert capsys.readouterr().out.startswith("40 points")
    written = json.loads(out.read_text())
    expected = ts.rips(POINTS, 2, metric=metric)
    assert written["meta"]["metric"] == expected.meta["metric"]
    for dimension, dgm, edges in zip(written["diagrams"], expected.dgms, expected.edges, strict=True):
        bars = [[np.inf if x is None else x for x in bar] for bar in dimension["bars"]]
        np.testing.assert_array_equal(np.reshape(bars, (-1, 2)), dgm)
        np.testing.assert_array_equal(np.reshape(dimension["edges"], (-1, 4)), edges)


def test_rips_to_the_standard_output_is_json_alone(points, capsys):
    assert main(["rips", points, "-o", "-", "--thresh", "0.5"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["meta"]["thresh"] == 0.5
    assert written["diagrams"][0]["censored"]  # not joined at 0.5: their deaths were not looked for


WRONG = {
    "no file": (["rips", "nowhere.npy"], "no file 'nowhere.npy'"),
    "unknown kind": (["rips", "notes.md"], "of no known kind"),
    "folder": (["rips", "."], "a folder"),
    "not an array": (["rips", "broken.npy"], "cannot be read"),
    "pickle": (["rips", "objects.npy"], "cannot be read"),
    "several": (["rips", "two.npz"], "name one; it has 'a', 'b'"),
    "no such name": (["rips", "two.npz", "--key", "c"], "no array 'c'"),
    "needless name": (["rips", "good.npy", "--key", "c"], "single array"),
    "words": (["rips", "words.csv"], "cannot be read as .csv: could not convert string 'three'"),
    "nan": (["rips", "nan.npy"], "nan at row 1, column 2"),
    "metric": (["rips", "good.npy", "--metric", "foo"], "metric='foo' is "),
    "not square": (["rips", "good.npy", "--metric", "precomputed"], "square"),
    "k": (["rips", "good.npy", "--k", "40"], "k=40"),
    "maxdim": (["rips", "good.npy", "--maxdim", "-1"], "maxdim=-1"),
    "coeff": (["rips", "good.npy", "--coeff", "4"], "coeff=4"),
    "no folder": (["rips", "good.npy", "-o", "nowhere/out.json"], "no folder"),
    "no study": (["report", "nowhere.npz"], "no file 'nowhere.npz'"),
    "demo to nowhere": (["demo", "-o", "nowhere/demo.html"], "no folder"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_code_2(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("good.npy", POINTS)
    np.save("nan.npy", np.where(np.arange(120).reshape(40, 3) == 5, np.nan, POINTS))
    np.savez("two.npz", a=POINTS, b=POINTS)
    np.save("objects.npy", np.array([{}, []], object), allow_pickle=True)
    (tmp_path / "broken.npy").write_bytes(b"nothing")
    (tmp_path / "notes.md").write_text("1 2 3")
    (tmp_path / "words.csv").write_text("1,2\nthree,4\n")
    arguments, sentence = WRONG[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("toposcope: ") and err.count("\n") == 1
    assert sentence in err


def test_unknown_options_are_argparses_own(capsys):
    with pytest.raises(SystemExit) as end:
        main(["rips"])
    assert end.value.code == 2
    assert "usage: toposcope rips" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "tsv", "txt", "pt", "safetensors"])
def test_arrays_from_every_kind_of_file(kind, tmp_path):
    path = tmp_path / f"points.{kind}"
    if kind == "npy":
        np.save(path, POINTS)
    elif kind == "npz":
        np.savez(path, X=POINTS)
    elif kind == "pt":
        torch = pytest.importorskip("torch")
        torch.save(torch.from_numpy(POINTS).requires_grad_(), path)
    elif kind == "safetensors":
        pytest.importorskip("safetensors.numpy").save_file({"X": POINTS}, path)
    else:
        np.savetxt(path, POINTS, fmt="%.17g", delimiter={"csv": ",", "tsv": "\t", "txt": " "}[kind])
    np.testing.assert_array_equal(read_array(path), POINTS)


def test_sparse_distances_from_a_file(tmp_path, capsys):
    sparse = pytest.importorskip("scipy.sparse")
    D = ts.distances(POINTS)
    near = sparse.csr_matrix(np.where(D < 1, D, 0))
    path = tmp_path / "near.npz"
    sparse.save_npz(path, near)
    assert main(["rips", str(path), "--metric", "precomputed", "-o", "-"]) == 0
    bars = json.loads(capsys.readouterr().out)["diagrams"][0]["bars"]
    assert len(bars) == len(ts.rips(near, metric="precomputed").dgms[0])
    assert sum(death is None for _, death in bars) > 1
    assert main(["rips", str(path)]) == 2
    assert "sparse matrix, which is understood as distances" in capsys.readouterr().err


def test_a_file_of_more_than_tensors(tmp_path, capsys):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    assert main(["rips", str(tmp_path / "model.pt")]) == 2
    err = capsys.readouterr().err
    assert "cannot be read as .pt: it holds more than tensors" in err and "trust" not in err


def test_headings_are_no_points(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("\ufeffx,y\n1,2\n3,4\n", encoding="utf-8")
    np.testing.assert_array_equal(read_array(path), [[1, 2], [3, 4]])


def test_half_precision_tensors_and_names(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"layer": torch.ones(3, 2, dtype=torch.bfloat16), "step": 7}, tmp_path / "state.pt")
    np.testing.assert_array_equal(read_array(tmp_path / "state.pt"), np.ones((3, 2), np.float32))


def test_report_on_a_saved_study(tmp_path, capsys):
    pytest.importorskip("jinja2")
    pytest.importorskip("gudhi")
    ts.triangulate({"a": POINTS, "b": POINTS**2}, ["euclidean"]).save(tmp_path / "study.npz")
    page = tmp_path / "study.html"
    assert main(["report", str(tmp_path / "study.npz"), "-o", str(page), "--title", "Of points"]) == 0
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert "<title>Of points</title>" in page.read_text()


@pytest.mark.parametrize(
    ("display", "terminal", "asked", "opens"),
    [(":0", True, [], True), (None, True, [], False), (":0", False, [], False), (":0", True, ["--no-browser"], False)],
)
def test_the_demo_opens_its_page_where_somebody_can_see_it(
    monkeypatch, tmp_path, capsys, display, terminal, asked, opens
):
    from toposcope import cli, demo

    page = tmp_path / "demo.html"
    opened = []
    # in the dictionary, so that nothing looks up the real one, which needs PyTorch
    monkeypatch.setitem(vars(demo), "run", lambda *_, **__: SimpleNamespace(page=page, seconds={"all": 1.0}))
    monkeypatch.setattr(cli.webbrowser, "open", opened.append)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("DISPLAY", display)
    assert cli.main(["demo", "-o", str(page), *asked]) == 0
    assert f"open {page.as_uri()}" in capsys.readouterr().out
    assert opened == ([page.as_uri()] if opens else [])

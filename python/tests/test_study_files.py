"""Files of studies: safe to load whatever they hold."""

import copy
import json
import zipfile

import numpy as np
import pytest

import toposcope as ts
from toposcope.study import files, storage


@pytest.fixture(scope="module")
def study():
    X = np.random.default_rng(0).normal(size=(12, 2))
    metrics = {"a": "euclidean", "b": ts.RelativeNeighborhood(ts.Mahalanobis(0.5), k=3)}
    models = {"one": {"l": X}, "two": {"l": X[::-1]}}
    study = ts.triangulate(models, metrics, labels=np.arange(12) % 2, ids=list("abcdefghijkl"))
    study.table(components=True, resamples=2)
    return study


def test_what_is_no_study_gets_one_sentence(tmp_path):
    path = tmp_path / "s.npz"
    np.savez(path, x=np.arange(3))
    with pytest.raises(ValueError, match="no study"):
        ts.load(path)
    np.savez(path, **{"study.json": np.array([{"toposcope": 1}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        ts.load(path)
    for text, words in (
        ("[1]", "no format"),
        ("{}", "no format"),
        ('{"toposcope": 99}', "reads 1"),
        ('{"toposcope": 1}', "not a study"),
        ('{"toposcope": 1, "kind": "study", "layers": {"$number": "7e7"}}', "is no number"),
        ('{"toposcope": 1, "kind": "study", "layers": {"$array": "none"}}', "lacks the array"),
        ("{" * 9, "no whole study"),
        ("[" * 100_000, "no whole study"),
    ):
        np.savez(path, **{"study.json": np.frombuffer(text.encode(), np.uint8)})
        with pytest.raises(ValueError, match=words) as raised:
            ts.load(path)
        assert "s.npz" in str(raised.value) and "\n" not in str(raised.value)
    np.save(tmp_path / "s.npy", np.arange(3))
    for content in (b"PK\x03\x04 broken", b"", b"not a zip", (tmp_path / "s.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"s\.npz is no (whole )?study") as raised:
            ts.load(path)
        assert "pickle" not in str(raised.value)
    with pytest.raises(FileNotFoundError):
        ts.load(tmp_path / "nowhere.npz")


def test_files_hold_arrays_and_nothing_else(study, tmp_path):
    study.save(tmp_path / "s.npz")
    with zipfile.ZipFile(tmp_path / "s.npz") as file:
        assert all(name.endswith(".npy") for name in file.namelist())
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]
    again = ts.load(tmp_path / "s.npz")
    assert again.table(components=True, resamples=2).equals(study.table(components=True, resamples=2))
    content, other = files.contents(study, True), files.contents(again, True)
    np.testing.assert_equal(json.loads(json.dumps(content, default=np.ndarray.tolist)),
                            json.loads(json.dumps(other, default=np.ndarray.tolist)))  # fmt: skip


def test_a_file_that_claims_more_than_there_is(study, tmp_path, monkeypatch):
    """A header of an array that is larger than what follows, and a small file that unpacks to a large one."""
    path, other = tmp_path / "s.npz", tmp_path / "t.npz"
    study.save(path)
    with zipfile.ZipFile(path) as file, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in file.namelist():
            content = file.read(name)
            if "points" in name:
                content = content.replace(b"(12, 2)", b"(99, 2)")
            changed.writestr(name, content)
    with pytest.raises(ValueError):
        ts.load(other)
    monkeypatch.setattr(storage.os, "sysconf", lambda name: 9)
    with pytest.raises(ValueError, match="unpacks to"):
        ts.load(path)


def damaged(value, at=()):
    """Every way to replace one thing in nested dicts and lists: (place, content)."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from damaged(child, (*at, key))
    if at:
        yield at


STRANGE = [None, True, -7, 1e300, float("nan"), "<b>x</b>", [], [[]], {}, {"kind": "Cosine", "zeros": 3}, np.arange(3),
           np.array(["x"]), np.full((1, 2), np.nan), np.zeros((12, 2), bool)]  # fmt: skip


@pytest.mark.parametrize("first", range(2))
def test_whatever_is_damaged_gives_a_sentence_or_a_study(study, tmp_path, first):
    """Each entry in turn is taken away or replaced: loading gives a ValueError, or a study that can be looked at."""
    content = files.contents(study, True)
    content["layers"], content["models"] = list(content["layers"]), list(content["models"])
    path, refused = tmp_path / "s.npz", 0
    rng = np.random.default_rng(first)
    places = list(damaged(content))[first::2]
    for place in places:
        value = [..., *STRANGE][rng.integers(len(STRANGE) + 1)]
        broken = copy.deepcopy(content)
        of = broken
        for key in place[:-1]:
            of = of[key]
        if value is ...:
            del of[place[-1]]
        else:
            of[place[-1]] = value
        try:
            storage.write(path, broken)
            loaded = ts.load(path)
        except ValueError as error:
            assert "s.npz" in str(error) and "\n" not in str(error), (place, value)
            refused += 1
            continue
        try:
            repr(loaded), loaded._repr_html_(), dict(loaded), loaded.failures, loaded.scales
        except Exception as error:
            raise AssertionError(f"{place} = {value!r} is taken, and then: {error!r}") from error
    assert refused > len(places) / 2


def test_a_folder_that_is_not_there(study, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere' to write 's.npz' to"):
        study.save(tmp_path / "nowhere" / "s.npz")


def test_parts_that_are_not_there_are_told(study):
    with pytest.raises(KeyError, match="no metric 'c': it has 'a', 'b'"):
        study.distances("one", "l", "c")
    assert not study.has_distances("one", "l", "c")
    with pytest.raises(ValueError, match="dim=5 was not computed: maxdim was 1"):
        study.scaled("one", "l", "a", dim=5)
    with pytest.raises(TypeError, match=r"has a diagram for each dimension: give \.dgms\[1\]"):
        ts.summarize(study["one", "l", "a"])


def test_modules_that_are_loaded_later_are_listed():
    assert {"learn", "study", "torch", "capture"} <= set(dir(ts)) and len(dir(ts)) == len(set(dir(ts)))

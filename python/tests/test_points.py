"""Any array, any layout: the same points."""

import numpy as np
import pytest

import toposcope as ts
from toposcope.points import as_matrix, as_points

X = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
EXPECTED = ts.distances(X)


def unaligned(array):
    raw = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    raw[...] = array
    return raw


@pytest.mark.parametrize(
    "same",
    [
        X.astype(np.float64),
        np.asfortranarray(X),
        X[::-1][::-1],
        np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
        X.astype(">f4"),
        X.astype("<f8").astype(">f8"),
        unaligned(X),
        X.tolist(),
        np.ma.masked_array(X),
        X.astype(object),
    ],
    ids=["float64", "fortran", "negative strides", "strided", ">f4", ">f8", "unaligned", "lists", "masked", "object"],
)
def test_layouts_and_types(same):
    np.testing.assert_allclose(ts.distances(same), EXPECTED, rtol=3e-7)
    assert len(ts.rips(same).dgms[0]) == 40


def test_read_only_array_is_read():
    locked = X.copy()
    locked.flags.writeable = False
    np.testing.assert_array_equal(ts.distances(locked), EXPECTED)


def test_broadcast_rows_have_stride_zero():
    same = np.broadcast_to(X[0], (5, 6))
    np.testing.assert_array_equal(ts.distances(same), np.zeros((5, 5)))


def test_data_frame():
    pandas = pytest.importorskip("pandas")
    np.testing.assert_array_equal(ts.distances(pandas.DataFrame(X)), EXPECTED)


class Interface:
    """Nothing but an array interface."""

    def __init__(self, array):
        self.array, self.__array_interface__ = array, array.__array_interface__


class Capsule:
    """Nothing but DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def locked():
    array = X.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "plain": X,
    "fortran": np.asfortranarray(X),
    "reversed": X[::-1, ::-1],
    "strided": np.repeat(X, 3, axis=1)[:, ::3],
    "one row": np.broadcast_to(X[0], (5, 6)),
    "read-only": locked(),
    "float64": X.astype(np.float64),
    "half": X.astype(np.float16),
}
CAN_READ_LOCKED = np.lib.NumpyVersion(np.__version__) >= "2.1.0"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_array_interface(layout):
    array = LAYOUTS[layout]
    np.testing.assert_array_equal(ts.distances(Interface(array)), ts.distances(np.array(array)))
    other = array.astype(array.dtype.newbyteorder(">"))
    np.testing.assert_array_equal(ts.distances(Interface(other)), ts.distances(np.array(array)))


@pytest.mark.skipif(not CAN_READ_LOCKED, reason="this NumPy hands out no read-only DLPack objects")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_dlpack_of_numpy(layout):
    array = LAYOUTS[layout]
    np.testing.assert_array_equal(ts.distances(Capsule(array)), ts.distances(np.array(array)))


@pytest.mark.skipif(not CAN_READ_LOCKED, reason="this NumPy hands out no read-only DLPack objects")
def test_dlpack_of_torch():
    torch = pytest.importorskip("torch")
    T = torch.from_numpy(X.copy())
    np.testing.assert_array_equal(ts.distances(Capsule(T)), EXPECTED)
    np.testing.assert_array_equal(ts.distances(Capsule(T.t().contiguous().t())), EXPECTED)
    np.testing.assert_array_equal(ts.distances(Capsule(T.half())), ts.distances(T.half()))
    for refused in (T.clone().requires_grad_(), T.bfloat16()):
        with pytest.raises(TypeError, match="X cannot be read by DLPack .*: give a NumPy array or a PyTorch tensor"):
            ts.distances(Capsule(refused))
    with pytest.raises(ValueError, match="no table of numbers: .*requires grad"):
        ts.distances([row.clone().requires_grad_() for row in T])


def test_interfaces_that_describe_nothing():
    class Broken:
        def __init__(self, **interface):
            self.__array_interface__ = interface

    for broken in (Broken(shape=(2, 2)), Broken(shape=(2, 2), typestr="<q9", data=(1, False), version=3)):
        with pytest.raises(ValueError, match="X is no table of numbers: ") as caught:
            ts.distances(broken)
        assert "\n" not in str(caught.value) and not str(caught.value).endswith("..")


def test_integers_and_booleans_are_numbers():
    assert ts.distances([[0, 0], [3, 4]])[0, 1] == 5
    assert ts.distances(np.array([[True], [False]]))[0, 1] == 1


def test_half_precision_does_not_overflow():
    far = np.array([[60000.0, 0], [-60000.0, 0]], np.float16)
    assert ts.distances(far)[0, 1] == 120000 - 2 * (60000 - float(np.float16(60000)))


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    T = torch.from_numpy(X.copy())
    np.testing.assert_array_equal(ts.distances(T), EXPECTED)
    np.testing.assert_array_equal(ts.distances(T.clone().requires_grad_()), EXPECTED)
    np.testing.assert_array_equal(ts.distances(T.t().contiguous().t()), EXPECTED)
    np.testing.assert_array_equal(ts.distances(T.to_sparse()), EXPECTED)
    for half in (torch.float16, torch.bfloat16):
        np.testing.assert_array_equal(ts.distances(T.to(half)), ts.distances(T.to(half).float()))
    image = torch.arange(24.0).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last)
    np.testing.assert_array_equal(ts.distances(image.flatten(1)), ts.distances(image.flatten(1).numpy()))


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (np.zeros(5), ValueError, r"\(5,\).*reshape\(-1, 1\)"),
        (np.zeros((2, 3, 4)), ValueError, r"\(2, 3, 4\).*reshape\(len\(X\), -1\)"),
        (7, ValueError, "a single int"),
        (np.array([["a", "b"]]), TypeError, "<U1"),
        (np.array([[1, None]], object), TypeError, "None at row 0, column 1"),
        (np.array([[1, "x"]], object), TypeError, "'x' at row 0, column 1"),
        (np.array([[1j]]), TypeError, "complex"),
        (np.array([["2020-01-01"]], "datetime64[D]"), TypeError, "datetime64"),
        ([[1, 2], [3]], ValueError, "table of numbers"),
        (np.ma.masked_array(X, X > 0), TypeError, "masked"),
    ],
    ids=lambda case: None if isinstance(case, (type, str)) else "",
)
def test_bad_points(bad, error, says):
    with pytest.raises(error, match=says) as caught:
        ts.rips(bad)
    assert "\n" not in str(caught.value)


def test_sparse_points_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(ValueError, match="precomputed"):
        ts.rips(sparse.csr_matrix(X))
    with pytest.raises(TypeError, match="sparse"):
        ts.distances(sparse.csr_matrix(X))


def test_no_copy_where_none_is_needed():
    assert as_points(X) is X or np.shares_memory(as_points(X), X)
    with pytest.raises(ValueError, match="square"):
        as_matrix(X)

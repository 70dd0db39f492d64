"""Data sets in NumPy's own files."""

import io
import zipfile

import numpy as np
import pytest

from barenet import load_dataset
from barenet.datasets._npz import load_arrays
from barenet.errors import DataError

X = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def load(tmp_path):
    """Save arrays, and load them as a data set."""

    def save_and_load(task=None, **arrays):
        np.savez_compressed(tmp_path / "t.npz", **arrays)
        return load_dataset(tmp_path / "t.npz", task=task)

    return save_and_load


def pack(path, **members):
    """Put members of any bytes into a zip file."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def npy(array=None, **header):
    """An array's bytes, or a header alone that claims one."""
    stream = io.BytesIO()
    if array is not None:
        np.save(stream, array)
    else:
        np.lib.format.write_array_header_1_0(stream, {"fortran_order": False, **header})
    return stream.getvalue()


Y = npy(np.arange(6) % 2)


@pytest.mark.parametrize(
    ("y", "task", "expected", "classes"),
    [
        (np.array([3, 1, 3, 1, 3, 1]), None, [1, 0, 1, 0, 1, 0], ("1", "3")),
        (np.array(["b", "a", "c"] * 2), None, [1, 0, 2, 1, 0, 2], ("a", "b", "c")),
        (np.array([True, False] * 3), None, [1, 0] * 3, ("0", "1")),
        (np.linspace(0, 1, 6), None, np.linspace(0, 1, 6).tolist(), None),
        (np.array([3, 1, 3, 1, 3, 1]), "regression", [3, 1, 3, 1, 3, 1], None),
    ],
)
def test_rows_and_targets(load, y, task, expected, classes):
    data = load(task, X=X.astype(np.float32), y=y)
    np.testing.assert_array_equal(data.X, X)
    assert (data.y.tolist(), data.classes, data.feature_names) == (expected, classes, ("x1", "x2"))
    assert data.X.dtype == np.float64


def test_images_stay_bytes_and_keep_their_shape(load):
    images = np.random.RandomState(0).randint(0, 256, (4, 3, 5)).astype(np.uint8)
    data = load(X=images, y=np.array([0, 1, 0, 1]))
    assert (data.X.dtype, data.X.shape, data.image_shape) == (np.uint8, (4, 15), (3, 5))
    np.testing.assert_array_equal(data.X.reshape(images.shape), images)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"X": X}, r"no array y; the arrays are X$"),
        ({}, r"no array X; the arrays are none$"),
        ({"X": X, "y": np.zeros(5)}, r"expected X of shape .*got \(6, 2\) and \(5,\)$"),
        ({"X": X[:, 0], "y": np.zeros(6)}, r"expected X of shape"),
        ({"X": X[:1], "y": np.zeros(1)}, r"expected X .* with n of 2 or more, got \(1, 2\)"),
        ({"X": X, "y": np.array([0, 0, 0, 0, np.nan, 0])}, r"y\[4\] is nan, expected a number$"),
        ({"X": np.full((6, 2), np.inf), "y": np.zeros(6)}, r"X\[0, 0\] is inf, expected a num"),
        ({"X": X + 1j, "y": np.zeros(6)}, r"X: expected real numbers, got complex128$"),
        ({"X": X, "y": np.array([object()] * 6)}, r"not a usable \.npz file: .*[Oo]bject arrays"),
        ({"X": X, "y": np.zeros(6)}, "y holds '0' in every row"),
        ({"X": X, "y": np.array(["a"] * 6)}, "y holds 'a' in every row"),
        *(
            ({"X": X, "y": np.array([65, code] * 3, np.uint32).view("U1")}, "y: expected text, ")
            for code in (0xD800, 0x110000, 2**32 - 1)
        ),
        ({"X": X, "y": np.array([65, 66] * 3, "<u4").view(">U1")}, "y: expected text, "),
    ],
)
def test_arrays_that_cannot_be_used(load, arrays, problem):
    with pytest.raises(DataError, match=rf"t\.npz: {problem}"):
        load(**arrays)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "cut.npz"
    np.savez_compressed(path, X=X, y=np.zeros(6))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.npz: "):
            load_arrays(path)


@pytest.mark.parametrize(
    "member",
    [
        *(b"", b"junk", b"\x93NUMPY\x07\x00" + bytes(100)),
        *(npy(descr="<f8", shape=shape) for shape in ((10**11, 3), (6, -2))),
        npy(descr="<f8", shape=(6, 2)) + bytes(95),
        *(npy(X) + b"x", npy(X)[:-1], npy(X)[:20]),
    ],
)
def test_members_that_are_not_arrays_are_refused(tmp_path, member):
    for members in ({"X": member, "y": Y}, {"X": npy(X), "y": member}):
        with pytest.raises(DataError, match=r"t\.npz: (not a usable \.npz|array . of shape)"):
            load_arrays(pack(tmp_path / "t.npz", **members))


def test_fortran_order_and_the_second_version_of_the_format(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asfortranarray(X), version=(2, 0))
    data = load_arrays(pack(tmp_path / "f.npz", X=stream.getvalue(), y=Y))
    np.testing.assert_array_equal(data.X, X)

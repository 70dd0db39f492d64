"""MNIST's files in all the places where they may lie, and what is wrong when they do not."""

import gzip
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from barenet.data._images import DATA_VARIABLE, IMAGES
from barenet.errors import DataError

SLICE = Path(__file__).parent / "mnist_slice"
MNIST, FASHION = IMAGES["mnist"], IMAGES["fashion_mnist"]
ALL_OF_MNIST = os.environ.get(DATA_VARIABLE)  # Read before the tests take it away.
FILES = sorted(path.name for path in SLICE.glob("*.gz"))


@pytest.fixture(autouse=True)
def away_from_the_users_data_and_network(monkeypatch, tmp_path):
    """No folder of the environment, no earlier download, and a network that refuses."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn_data"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


def copy_slice(folder: Path, *, packed: bool = True, dots: bool = False) -> Path:
    folder.mkdir(parents=True)
    for name in FILES:
        data = (SLICE / name).read_bytes()
        name = name.replace("-idx", ".idx") if dots else name
        if packed:
            (folder / name).write_bytes(data)
        else:
            (folder / name.removesuffix(".gz")).write_bytes(gzip.decompress(data))
    return folder


def test_the_slice_itself():
    data = MNIST.load(data_dir=SLICE)
    assert (data.X.shape, data.X.dtype, data.y.dtype) == ((260, 784), np.uint8, np.int64)
    assert (data.y[:5].tolist(), data.y[200:205].tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1, 0, 4])
    assert data.classes == tuple("0123456789")
    assert data.image_shape == (28, 28)
    assert data.feature_names[:2] == ("pixel_0_0", "pixel_0_1")
    assert data.feature_names[-1] == "pixel_27_27"
    assert data.X[0].reshape(28, 28)[5, 12:18].tolist() == [3, 18, 18, 18, 126, 136]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dots", [True, False])
@pytest.mark.parametrize("inner", [".", "mnist", "MNIST/raw"])
def test_every_place_and_name_of_mnist(tmp_path, monkeypatch, packed, dots, inner):
    copy_slice(tmp_path / "data" / inner, packed=packed, dots=dots)
    assert MNIST.load(data_dir=str(tmp_path / "data")).X.shape == (260, 784)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    assert MNIST.load().X.shape == (260, 784)


@pytest.mark.parametrize("inner", ["fashion_mnist", "FashionMNIST/raw"])
def test_every_place_of_fashion_mnist(tmp_path, monkeypatch, inner):
    copy_slice(tmp_path / "mnist")
    copy_slice(tmp_path / inner)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    data = FASHION.load()
    assert data.classes is not None and data.classes[data.y[0]] == "Sandal"  # Label 5.
    assert data.target_name == "garment"


def test_the_files_of_one_set_are_not_taken_for_the_other(tmp_path, monkeypatch):
    """They are called the same; a folder in the environment is not given for one set."""
    digits = copy_slice(tmp_path / "digits")
    clothes = copy_slice(tmp_path / "fashion_mnist")
    monkeypatch.setenv(DATA_VARIABLE, str(clothes))
    assert FASHION.load().n_samples == 260
    with pytest.raises(DataError, match=r"^mnist: cannot be fetched"):
        MNIST.load()
    monkeypatch.setenv(DATA_VARIABLE, str(digits))
    with pytest.raises(DataError, match=r"^fashion_mnist: cannot be fetched"):
        FASHION.load()
    assert FASHION.load(data_dir=digits).n_samples == 260


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no IDX files of mnist there; expected train-images") as e:
        MNIST.load(data_dir=tmp_path)
    assert e.value.path == tmp_path
    folder = copy_slice(tmp_path / "mnist")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"mnist/t10k-labels-idx1-ubyte: no such file$"):
        MNIST.load(data_dir=folder)


def write_idx(path: Path, shape: tuple[int, ...], data: bytes, code: int = 8) -> None:
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    path.write_bytes(header + data)


def test_fault_51_counts_differ(tmp_path):
    folder = copy_slice(tmp_path / "mnist")
    shutil.copy(folder / FILES[1], folder / FILES[3])  # The test half's labels for the other's.
    with pytest.raises(DataError) as error:
        MNIST.load(data_dir=folder)
    images, labels = folder / FILES[2], folder / FILES[3]
    assert str(error.value) == f"{images}: 200 images, but 60 labels in {labels}"


@pytest.mark.parametrize(
    ("name", "shape", "code", "message"),
    [
        ("train-images-idx3-ubyte", (200, 28, 27), 8, r"expected uint8 of shape \(n, 28, 28\)"),
        ("train-images-idx3-ubyte", (200, 784), 8, r"expected uint8 of shape \(n, 28, 28\)"),
        ("train-images-idx3-ubyte", (200, 28, 28), 9, r"expected uint8 of .*, got int8"),
        ("train-labels-idx1-ubyte", (200, 1), 8, r"expected uint8 of shape \(n,\)"),
        ("train-labels-idx1-ubyte", (200,), 8, "label 0 is 10, expected 0 to 9$"),
    ],
)
def test_unusable_files(tmp_path, name, shape, code, message):
    folder = copy_slice(tmp_path / "mnist")
    data = bytes([10]) * int(np.prod(shape))
    write_idx(folder / name, shape, data, code)  # which is found before the compressed one
    with pytest.raises(DataError, match=rf"{name}: {message}"):
        MNIST.load(data_dir=folder)


@pytest.mark.parametrize("name", IMAGES)
def test_a_fetch_from_openml_gives_the_same_rows_as_the_files(monkeypatch, name):
    files = IMAGES[name].load(data_dir=SLICE)

    def fetch(title, *, version, as_frame, **_):
        assert (title, version, as_frame) == (IMAGES[name].openml, 1, False)
        return Bunch(data=files.X.astype(float), target=files.y.astype(str).astype(object))

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    fetched = IMAGES[name].load()
    assert (fetched.X.dtype, fetched.y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(fetched.X, files.X)
    np.testing.assert_array_equal(fetched.y, files.y)


def test_no_network_is_one_line_that_says_what_to_do():
    with pytest.raises(DataError) as error:
        MNIST.load()
    message = str(error.value)
    assert message.startswith("mnist: cannot be fetched from openml.org (")
    assert set(error.value.options) == {"data_dir"} and "\n" not in message

"""IDX files and MNIST's folders: arrays are read back, and errors name the damaged file."""

import bz2
import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils import Bunch

from barenet.datasets._images import DATA_VARIABLE, IMAGES, read_idx
from barenet.errors import DataError

SLICE = Path(__file__).parents[1] / "data" / "mnist_slice"
MNIST, FASHION = IMAGES["mnist"], IMAGES["fashion_mnist"]
FILES = sorted(path.name for path in SLICE.glob("*.gz"))


def header(*sizes: int, code: int = 8) -> bytes:
    return struct.pack(f">4B{len(sizes)}I", 0, 0, code, len(sizes), *sizes)


def idx(array: np.ndarray) -> bytes:
    """Write the format, independently of the reader."""
    return header(*array.shape) + array.astype(np.uint8).tobytes()


arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))


@given(array=arrays, packed=st.booleans())
def test_arrays_come_back(tmp_path_factory, array, packed):
    path, data = tmp_path_factory.getbasetemp() / "array.idx", idx(array)
    path.write_bytes(gzip.compress(data) if packed else data)
    read = read_idx(path, *array.shape[1:])
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


DIGITS = idx(np.arange(24).reshape(2, 3, 4))


@pytest.mark.case(48)
def test_a_file_truncated_at_any_byte_is_refused(write):
    for length in range(len(DIGITS)):
        path = write(DIGITS[:length])
        with pytest.raises(DataError, match=r"truncated: expected \d+ bytes") as caught:
            read_idx(path, 3, 4)
        assert caught.value.path == path
    assert caught.value.problem.endswith("24 bytes after the header (2 × 3 × 4), got 23")


@pytest.mark.case(49)
@pytest.mark.parametrize("magic", ["89 50 4e 47", "00 01 08 01", "00 00 0a 01", "00 00 08 00"])
def test_a_file_with_a_wrong_start_is_refused(write, magic):
    with pytest.raises(DataError, match=f"picture.png: not an IDX file: it starts with {magic}"):
        read_idx(write(bytes.fromhex(magic) + bytes(100), "picture.png"))


@pytest.mark.case(50)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("sizes", [(2**32 - 1,) * 3, (2**16, 2**16), (2**32 - 1,)])
def test_claimed_sizes_that_overflow_are_refused(write, sizes, pack, monkeypatch):
    """2^32 - 1 three times over is beyond 64 bits; 2^16 twice over wraps to 0 in 32."""
    monkeypatch.setenv("BARENET_MEMORY", "1GB")
    with pytest.raises(DataError, match=r" header claims, would take"):
        read_idx(write(pack(header(*sizes))), *sizes[1:])


@pytest.mark.case(52)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_after_the_end_are_refused(write, pack):
    with pytest.raises(DataError, match=r"bytes after the end: expected 24 after"):
        read_idx(write(pack(DIGITS + b"x")), 3, 4)


#: Contents with fewer or more bytes than they may have, their sizes, and the error.
BOMBS = {
    "claims": (lambda: header(2**25) + bytes(100), (), "expected 33,554,432 .*, got 100$"),
    "holds": (lambda: gzip.compress(DIGITS + bytes(2**25)), (3, 4), "bytes after the end"),
    "declares": (lambda: bz2.compress(header(2**12, 2**12) + bytes(2**24)), (2**12,),
                 "4096 × 4096 bytes, .* would take"),
}  # fmt: skip


@pytest.mark.case(46, 50)
@pytest.mark.promise(10)
@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_takes_no_memory(write, monkeypatch, peak_memory, case):
    monkeypatch.setenv("BARENET_MEMORY", "16MiB" if case == "declares" else "1GB")
    content, sizes, message = BOMBS[case]
    path = write(content())

    def refuse():
        with pytest.raises(DataError, match=message):
            read_idx(path, *sizes)

    assert peak_memory(refuse) < 2**23


@pytest.fixture(autouse=True)
def no_data_and_no_network(monkeypatch, tmp_path):
    """No folder of the environment, no earlier download, and a network that refuses."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn_data"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


def copy_slice(folder: Path, *, packed: bool = True, dots: bool = False) -> Path:
    folder.mkdir(parents=True)
    for name in FILES:
        data, stem = (SLICE / name).read_bytes(), name.replace("-idx", ".idx") if dots else name
        target = folder / (stem if packed else stem.removesuffix(".gz"))
        target.write_bytes(data if packed else gzip.decompress(data))
    return folder


def test_the_images_and_labels_of_a_slice():
    data = MNIST.load(data_dir=SLICE)
    assert (data.X.shape, data.X.dtype, data.y.dtype) == ((260, 784), np.uint8, np.int64)
    assert (data.y[:5].tolist(), data.y[200:205].tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1, 0, 4])
    assert (data.classes, data.image_shape) == (tuple("0123456789"), (28, 28))
    assert data.feature_names[::783] == ("pixel_0_0", "pixel_27_27")
    assert data.X[0].reshape(28, 28)[5, 12:18].tolist() == [3, 18, 18, 18, 126, 136]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dots", [True, False])
@pytest.mark.parametrize("inner", [".", "mnist", "MNIST/raw"])
def test_mnist_is_found_in_every_folder_and_spelling(tmp_path, monkeypatch, packed, dots, inner):
    copy_slice(tmp_path / "data" / inner, packed=packed, dots=dots)
    assert MNIST.load(data_dir=str(tmp_path / "data")).X.shape == (260, 784)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    assert MNIST.load().X.shape == (260, 784)


@pytest.mark.parametrize("inner", ["fashion_mnist", "FashionMNIST/raw"])
def test_fashion_mnist_is_found_in_every_folder(tmp_path, monkeypatch, inner):
    copy_slice(tmp_path / "mnist")
    copy_slice(tmp_path / inner)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    data = FASHION.load()
    assert (data.classes[data.y[0]], data.target_name) == ("Sandal", "garment")


def test_a_folder_of_the_environment_is_for_the_set_of_its_name(tmp_path, monkeypatch):
    """The files of both sets have the same names."""
    folders = {MNIST: copy_slice(tmp_path / "digits"), FASHION: copy_slice(tmp_path / "fashion")}
    monkeypatch.setattr("barenet.datasets._images.Images._fetch", refuse)
    for named, other in ((MNIST, FASHION), (FASHION, MNIST)):
        monkeypatch.setenv(DATA_VARIABLE, str(folders[named]))
        assert named.load().n_samples == 260
        with pytest.raises(ConnectionError):
            other.load()
        assert other.load(data_dir=folders[named]).n_samples == 260


def refuse(*_):
    raise ConnectionError


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no IDX files of mnist there; expected train-images") as e:
        MNIST.load(data_dir=tmp_path)
    assert e.value.path == tmp_path
    folder = copy_slice(tmp_path / "mnist")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"mnist/t10k-labels-idx1-ubyte: no such file$"):
        MNIST.load(data_dir=folder)


@pytest.mark.case(51)
def test_different_counts_of_images_and_labels_are_refused(tmp_path):
    folder = copy_slice(tmp_path / "mnist")
    shutil.copy(folder / FILES[1], folder / FILES[3])  # the labels of the other half
    with pytest.raises(DataError) as error:
        MNIST.load(data_dir=folder)
    assert error.value.path == folder / FILES[2]
    assert error.value.problem == f"200 images, but 60 labels in {folder / FILES[3]}"


@pytest.mark.parametrize(
    ("name", "shape", "code", "message"),
    [
        ("train-images-idx3-ubyte", (200, 28, 27), 8, "its header .* 27 bytes, expected n × 28"),
        ("train-images-idx3-ubyte", (200, 784), 8, ".* 00 00 08 02, expected 00 00 08 03$"),
        ("train-images-idx3-ubyte", (200, 28, 28), 9, ".* 00 00 09 03, expected 00 00 08 03$"),
        ("train-labels-idx1-ubyte", (200, 1), 8, ".* 00 00 08 02, expected 00 00 08 01$"),
        ("train-labels-idx1-ubyte", (200,), 8, "label 0 is 10, expected 0 to 9$"),
    ],
)
def test_unusable_files(tmp_path, name, shape, code, message):
    folder = copy_slice(tmp_path / "mnist")  # the plain file is found before the compressed one
    (folder / name).write_bytes(header(*shape, code=code) + bytes([10]) * int(np.prod(shape)))
    with pytest.raises(DataError, match=rf"{name}: {message}"):
        MNIST.load(data_dir=folder)


@pytest.mark.parametrize("name", IMAGES)
def test_openml_and_files_have_the_same_rows(monkeypatch, name):
    files = IMAGES[name].load(data_dir=SLICE)

    def fetch(title, *, version, as_frame, **_):
        assert (title, version, as_frame) == (IMAGES[name].openml, 1, False)
        return Bunch(data=files.X.astype(float), target=files.y.astype(str).astype(object))

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    fetched = IMAGES[name].load()
    assert (fetched.X.dtype, fetched.y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(fetched.X, files.X)
    np.testing.assert_array_equal(fetched.y, files.y)


@pytest.mark.integration
def test_without_a_network_the_remedy_is_a_folder():
    with pytest.raises(DataError, match=r"cannot be fetched from openml\.org") as error:
        MNIST.load()
    assert error.value.path == "mnist" and set(error.value.options) == {"data_dir"}
    assert "\n" not in str(error.value)

"""MNIST and Fashion-MNIST: 70,000 images each, from a folder of IDX files or OpenML.

Both sources have the rows in the same order: 60,000 training images, then 10,000 test images.
"""

import math
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.datasets._named_datasets import NamedDataset
from barenet.errors import DataError
from barenet.storage._file_io import check_memory, open_file, read_exactly

#: The environment variable with a folder of IDX files.
DATA_VARIABLE = "BARENET_DATA"

#: The images and labels of the training set and of the test set.
_FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)

#: X of shape (n, 784), and y of shape (n,).
Arrays = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Images(NamedDataset):
    """A data set of 28 × 28 images in the format of MNIST."""

    source: ClassVar[str] = "images"
    options: ClassVar[tuple[str, ...]] = ("data_dir",)

    #: Names of the classes, in the order of the labels 0, 1, 2, …
    classes: tuple[str, ...]
    #: Names of the folder of the files within a folder of data sets, the usual name first.
    folders: tuple[str, ...]
    #: The name of version 1 on openml.org.
    openml: str

    def load(self, **options: Any) -> Dataset:
        """Load the images from the given folder, the environment variable's folder, or OpenML."""
        data_dir = options.get("data_dir")
        if data_dir is not None:
            X, y = self._read(self._given_folder(data_dir))
        else:
            folder = self._folder_at_hand()
            if folder is not None:
                X, y = self._read(folder)
            else:
                X, y = self._fetch()
        pixels = [f"pixel_{row}_{column}" for row, column in np.ndindex(28, 28)]
        return self._dataset(
            X=X,
            y=y,
            classes=self.classes,
            feature_names=tuple(pixels),
            image_shape=(28, 28),
            stratify=False,
        )

    @property
    def is_at_hand(self) -> bool:
        """Whether the environment variable names a folder with the files."""
        return self._folder_at_hand() is not None

    def _folder_at_hand(self) -> Path | None:
        """Find the folder with the files that the environment variable names, if any."""
        data = os.environ.get(DATA_VARIABLE)
        return self._folder(Path(data), is_own=False) if data else None

    def _given_folder(self, data_dir: str | os.PathLike[str]) -> Path:
        """Find the folder with the files that a user has given."""
        folder = self._folder(Path(data_dir), is_own=True) if data_dir else None
        if folder is None:
            training_files, test_files = _FILES
            files = ", ".join([*training_files, *test_files])
            problem = f"no IDX files of {self.name} there; expected {files}, "
            problem += f"plain or .gz, there or in {self.folders[0]}"
            raise DataError(problem, path=data_dir)
        return folder

    def _folder(self, data: Path, *, is_own: bool) -> Path | None:
        """Find the folder that holds the files: a subfolder of the set's name, or `data` itself."""
        # Both sets have the same file names, so a common folder might hold the other set.
        folders = [data / folder for folder in self.folders]
        is_fashion = "fashion" in self.folders[0]
        is_fashion_by_name = "fashion" in data.name.lower()
        if is_own or is_fashion_by_name == is_fashion:
            folders.append(data)
        for folder in folders:
            if _find(folder, _FILES[0][0]) is not None:
                return folder
        return None

    def _read(self, folder: Path) -> Arrays:
        """Read the training images and the test images, one after the other."""
        images = []
        labels = []
        for images_name, labels_name in _FILES:
            half_X, half_y = _read_half(folder, images_name, labels_name, len(self.classes))
            images.append(half_X)
            labels.append(half_y)
        return np.concatenate(images), np.concatenate(labels)

    def _fetch(self) -> Arrays:
        """Fetch the set from OpenML, or from scikit-learn's copy of an earlier fetch."""
        from sklearn.datasets import fetch_openml

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # scikit-learn warns of a retry
                bunch = fetch_openml(
                    self.openml, version=1, as_frame=False, parser="liac-arff", n_retries=1
                )
        except (OSError, ValueError) as error:
            problem = f"cannot be fetched from openml.org ({error})"
            remedy = "put its four IDX files into a folder, and pass it by {data_dir} or in the "
            remedy += f"environment variable {DATA_VARIABLE}"
            raise DataError(problem, path=self.name, remedy=remedy, data_dir="FOLDER") from error
        return bunch.data.astype(np.uint8), bunch.target.astype(np.int64)


def _find(folder: Path, name: str) -> Path | None:
    """Find a file by its standard or its alternative name, plain or gzip."""
    for stem in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            path = folder / (stem + suffix)
            if path.is_file():
                return path
    return None


def _read_half(folder: Path, images: str, labels: str, n_classes: int) -> Arrays:
    """Read images and their labels."""
    X_path = _find(folder, images) or folder / images
    y_path = _find(folder, labels) or folder / labels
    X = read_idx(X_path, 28, 28)
    y = read_idx(y_path)
    if len(X) != len(y):
        problem = f"{len(X):,} images, but {len(y):,} labels in {y_path}"
        raise DataError(problem, path=X_path)
    wrong = np.flatnonzero(y >= n_classes)
    if wrong.size:
        first = wrong[0]
        problem = f"label {first} is {y[first]}, expected 0 to {n_classes - 1}"
        raise DataError(problem, path=y_path)
    pixels = X.reshape(len(X), 28 * 28)
    return pixels, y.astype(np.int64)


def read_idx(path: Path, *entry: int) -> NDArray[np.uint8]:
    """Read an IDX file with any number of entries of a shape, compressed or not.

    The format: two zero bytes, 8 for the type of bytes, the number of dimensions, each dimension as
    a big-endian 32-bit integer, and the array in C order.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    n_dimensions = 1 + len(entry)
    magic = bytes([0, 0, 8, n_dimensions])
    with open_file(path) as stream:
        start = _read(stream, 4, "bytes of magic number", path)
        if start != magic:
            problem = f"not an IDX file: it starts with {start.hex(' ')}, "
            problem += f"expected {magic.hex(' ')}"
            raise DataError(problem, path=path)
        sizes = _read(stream, 4 * n_dimensions, f"bytes for {n_dimensions} dimensions", path)
        shape = tuple(np.frombuffer(sizes, ">u4").tolist())
        product = _product(shape)
        size = math.prod(shape)
        if shape[1:] != entry:
            expected = _product(("n", *entry))
            raise DataError(f"its header claims {product} bytes, expected {expected}", path=path)
        check_memory(path, 2 * size, f"{product} bytes, as its header claims,")
        data = _read(stream, size, f"bytes after the header ({product})", path)
        if stream.read(1):
            problem = f"bytes after the end: expected {size:,} after the header"
            raise DataError(problem, path=path)
    return np.frombuffer(data, np.uint8).reshape(shape)


def _product(lengths: Iterable[int | str]) -> str:
    """Write a product as text, such as 60000 × 28 × 28."""
    return " × ".join(str(length) for length in lengths)


def _read(stream: BinaryIO, size: int, contents: str, path: Path) -> bytes:
    """Read a number of bytes, and reject a truncated file."""
    data = read_exactly(stream, size)
    if len(data) < size:
        problem = f"truncated: expected {size:,} {contents}, got {len(data):,}"
        raise DataError(problem, path=path)
    return data


_GARMENTS = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"

#: The data sets by name.
IMAGES: dict[str, Images] = {
    "mnist": Images(
        name="mnist",
        classes=tuple("0123456789"),
        target_name="digit",
        folders=("mnist", "MNIST", "MNIST/raw"),
        openml="mnist_784",
    ),
    "fashion_mnist": Images(
        name="fashion_mnist",
        classes=tuple(_GARMENTS.split(",")),
        target_name="garment",
        folders=("fashion_mnist", "fashion-mnist", "FashionMNIST", "FashionMNIST/raw"),
        openml="Fashion-MNIST",
    ),
}

"""MNIST and Fashion-MNIST: 70,000 small pictures each, from a folder of IDX files or OpenML.

The rows are in one order whichever they come from: the 60,000 for training, then the 10,000 for
testing.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.dataset import Dataset
from barenet.data.idx import read_idx
from barenet.data.named import NamedDataset
from barenet.data.run_config import RunConfig
from barenet.errors import DataError

__all__ = ["IMAGES"]

#: The environment variable that names a folder of IDX files.
DATA_VARIABLE = "BARENET_DATA"

Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Images(NamedDataset):
    """A data set of 28 × 28 pictures in the format of MNIST.

    Attributes
    ----------
    classes : tuple of str
        The classes' names, in the order of the labels 0, 1, 2, …
    target_name : str
        What is predicted.
    folders : tuple of str
        Where the files may lie within a folder of data sets, its own name first.
    openml : str
        The set's name on openml.org, version 1.
    """

    kind: ClassVar[str] = "images"
    options: ClassVar[tuple[str, ...]] = ("data_dir",)

    classes: tuple[str, ...]
    target_name: str
    folders: tuple[str, ...]
    openml: str

    def load(self, name: str, **options: Any) -> Dataset:
        """Load the pictures."""
        X, y = self._find(name, options.get("data_dir"))
        return Dataset(
            name=name,
            X=X,
            y=y,
            classes=self.classes,
            feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(28, 28)),
            target_name=self.target_name,
            image_shape=(28, 28),
            description=self.description,
            config=self.config,
            stratify=False,
        )

    def _find(self, name: str, data_dir: str | PathLike[str] | None) -> Pictures:
        """Read the pictures from where they are."""
        if data_dir is not None:
            if folder := self._folder(Path(data_dir), given=True):
                return self._read(folder)
            raise DataError(
                f"no IDX files of {name} there; expected {', '.join(sum(_FILES, ()))}, "
                f"plain or .gz, there or in {self.folders[0]}",
                path=data_dir,
            )
        data = os.environ.get(DATA_VARIABLE)
        if data and (folder := self._folder(Path(data), given=False)):
            return self._read(folder)
        return self._fetch(name)

    def _folder(self, data: Path, *, given: bool) -> Path | None:
        """Choose the folder that holds the files, the set's own before `data` itself.

        The files of both sets are called the same. So a folder that was not given for this very
        set must not be the other one's.
        """
        places = [data / folder for folder in self.folders]
        if given or ("fashion" in data.name.lower()) == ("fashion" in self.folders[0]):
            places.append(data)
        return next((place for place in places if _find(place, _FILES[0][0])), None)

    def _read(self, folder: Path) -> Pictures:
        """Read both halves of a folder."""
        halves = [_read_half(folder, *names, len(self.classes)) for names in _FILES]
        return np.concatenate([X for X, _ in halves]), np.concatenate([y for _, y in halves])

    def _fetch(self, name: str) -> Pictures:
        """Fetch the set from OpenML, or from scikit-learn's copy of an earlier fetch."""
        from sklearn.datasets import fetch_openml

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # A retry is announced; the error says it all.
                bunch = fetch_openml(
                    self.openml, version=1, as_frame=False, parser="liac-arff", n_retries=1
                )
        except (OSError, ValueError) as error:
            raise DataError(
                f"cannot be fetched from openml.org ({error})",
                path=name,
                remedy="put its four IDX files into a folder, and pass it by {data_dir} or in the "
                f"environment variable {DATA_VARIABLE}",
                data_dir="FOLDER",
            ) from error
        return bunch.data.astype(np.uint8), bunch.target.astype(np.int64)


#: The files of each half: the pictures and their labels.
_FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


def _find(folder: Path, name: str) -> Path | None:
    """Find a file by its standard name, or by its other one, plain or gzip."""
    stems = (name, name.replace("-idx", ".idx"))
    paths = (folder / (stem + suffix) for stem in stems for suffix in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def _read_half(folder: Path, images: str, labels: str, n_classes: int) -> Pictures:
    """Read pictures and labels that belong together."""
    X_path, y_path = (_find(folder, name) or folder / name for name in (images, labels))
    X, y = read_idx(X_path), read_idx(y_path)
    if X.shape[1:] != (28, 28) or X.dtype != np.uint8:
        raise DataError(
            f"expected uint8 of shape (n, 28, 28), got {X.dtype} {X.shape}", path=X_path
        )
    if y.ndim != 1 or y.dtype != np.uint8:
        raise DataError(f"expected uint8 of shape (n,), got {y.dtype} {y.shape}", path=y_path)
    if len(X) != len(y):
        raise DataError(f"{len(X):,} images, but {len(y):,} labels in {y_path}", path=X_path)
    if (wrong := np.flatnonzero(y >= n_classes)).size:
        raise DataError(
            f"label {wrong[0]} is {y[wrong[0]]}, expected 0 to {n_classes - 1}", path=y_path
        )
    return X.reshape(len(X), 28 * 28), y.astype(np.int64)


#: The sets by name.
IMAGES: dict[str, NamedDataset] = {
    "mnist": Images(
        description="70,000 handwritten digits of 28 × 28 pixels, ten classes",
        classes=tuple("0123456789"),
        target_name="digit",
        folders=("mnist", "MNIST", "MNIST/raw"),
        openml="mnist_784",
        config=RunConfig(
            layers=(784, 16, 10),
            hidden=("relu",),
            output="sigmoid",
            init="normal:std=0.1",
            bias_init="normal:std=0.1",
            loss="squared_error:factor=1",
            optimizer="sgd",
            learning_rate=0.1,
            epochs=50,
            batch_size=64,
            shuffle=True,
            seed=0,
            dtype="float32",
            scaling="minmax",
            test_size=0.33,
            split_seed=42,
            verbose_epoch=1,
        ),
    ),
    "fashion_mnist": Images(
        description="70,000 pictures of clothes of 28 × 28 pixels, ten classes",
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        target_name="garment",
        folders=("fashion_mnist", "fashion-mnist", "FashionMNIST", "FashionMNIST/raw"),
        openml="Fashion-MNIST",
        config=RunConfig(
            layers=(784, 64, 10),
            learning_rate=0.001,
            epochs=20,
            batch_size=64,
            scaling="minmax",
            test_size=1 / 7,
            verbose_epoch=1,
        ),
    ),
}

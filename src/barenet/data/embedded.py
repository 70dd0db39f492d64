"""The data sets that come inside scikit-learn: real, small, and there without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from barenet.data.dataset import Dataset
from barenet.data.named import NamedDataset
from barenet.data.run_config import RunConfig

__all__ = ["EMBEDDED"]


@dataclass(frozen=True, kw_only=True)
class Embedded(NamedDataset):
    """A data set that scikit-learn carries.

    Attributes
    ----------
    loader : str
        The function of ``sklearn.datasets`` that returns it.
    arguments : dict
        What the function is called with.
    target_name : str
        What is predicted.
    image_shape : tuple of int, optional
        Height and width, where a row is an image.

    Examples
    --------
    >>> EMBEDDED["wine"].load("wine").X.shape
    (178, 13)
    """

    kind: ClassVar[str] = "embedded"
    options: ClassVar[tuple[str, ...]] = ()

    loader: str
    arguments: tuple[tuple[str, Any], ...] = ()
    target_name: str
    image_shape: tuple[int, int] | None = None

    def load(self, name: str, **options: Any) -> Dataset:
        """Load the rows."""
        from sklearn import datasets

        bunch = getattr(datasets, self.loader)(**dict(self.arguments))
        named = "target_names" in bunch
        return Dataset(
            name=name,
            X=np.asarray(bunch.data, np.float64),
            y=np.asarray(bunch.target, np.int64 if named else np.float64),
            classes=tuple(str(label) for label in bunch.target_names) if named else None,
            feature_names=tuple(bunch.feature_names),
            target_name=self.target_name,
            image_shape=self.image_shape,
            description=self.description,
            config=self.config,
        )


#: The sets by name.
EMBEDDED: dict[str, NamedDataset] = {
    "digits": Embedded(
        description="1,797 handwritten digits of 8 × 8 pixels, ten classes",
        loader="load_digits",
        target_name="digit",
        image_shape=(8, 8),
        config=RunConfig(
            layers=(64, 64, 10), l2=0.001, learning_rate=0.003, epochs=60, verbose_epoch=6
        ),
    ),
    "iris": Embedded(
        description="150 iris flowers by four lengths, three species",
        loader="load_iris",
        target_name="species",
        config=RunConfig(
            layers=(4, 8, 3), learning_rate=0.01, epochs=100, batch_size=16, verbose_epoch=10
        ),
    ),
    "wine": Embedded(
        description="178 wines by thirteen chemical measures, three growers",
        loader="load_wine",
        target_name="grower",
        config=RunConfig(
            layers=(13, 8, 3), learning_rate=0.01, epochs=60, batch_size=16, verbose_epoch=6
        ),
    ),
    "breast_cancer": Embedded(
        description="569 tumours by thirty measures of their cells, malignant or benign",
        loader="load_breast_cancer",
        target_name="diagnosis",
        config=RunConfig(
            layers=(30, 16, 1),
            output="sigmoid",
            l2=0.01,
            learning_rate=0.003,
            epochs=40,
            verbose_epoch=4,
        ),
    ),
    "diabetes": Embedded(
        description="442 patients by ten measures, the disease's progress a year later",
        loader="load_diabetes",
        arguments=(("scaled", False),),
        target_name="progression",
        config=RunConfig(
            layers=(10, 16, 1), l2=0.1, learning_rate=0.003, epochs=60, verbose_epoch=6
        ),
    ),
}

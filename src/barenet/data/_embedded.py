"""The data sets that scikit-learn contains: real, small, and available offline."""

from typing import Any, ClassVar

import numpy as np

from barenet.data._dataset import Dataset
from barenet.data._named import NamedDataset


class Embedded(NamedDataset):
    """A data set of scikit-learn.

    >>> EMBEDDED["wine"].load().X.shape
    (178, 13)
    """

    kind: ClassVar[str] = "embedded"

    def load(self, **options: Any) -> Dataset:
        """Load the rows."""
        from sklearn import datasets

        # Ages in years, not in standard deviations.
        arguments = {"scaled": False} if self.name == "diabetes" else {}
        bunch = getattr(datasets, f"load_{self.name}")(**arguments)
        has_classes = "target_names" in bunch
        return self._dataset(
            X=np.asarray(bunch.data, np.float64),
            y=np.asarray(bunch.target, np.int64 if has_classes else np.float64),
            classes=tuple(map(str, bunch.target_names)) if has_classes else None,
            feature_names=tuple(bunch.feature_names),
            image_shape=bunch.images.shape[1:] if "images" in bunch else None,
        )


_TARGETS = {
    "digits": "digit",
    "iris": "species",
    "wine": "grower",
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
}

#: The data sets by name.
EMBEDDED: dict[str, NamedDataset] = {
    name: Embedded(name=name, target_name=target) for name, target in _TARGETS.items()
}

"""ParameterViews: the weights or biases of all layers, as scikit-learn's ``coefs_``."""

from typing import Any

from barenet.model.layers import Dense


class ParameterViews(list[Any]):
    """Weights or biases of a network's layers; assignments are written into the network.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.zeros(3)
    >>> views = ParameterViews([parameters[:2], parameters[2:]])
    >>> views[0] = [1.0, 2.0]
    >>> parameters
    array([1., 2., 0.])
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            for view, array in zip(self[index], value, strict=True):
                view[...] = array
        else:
            self[index][...] = value


def views_of(name: str, doc: str) -> Any:
    """A property of an estimator: the views of this name in its network's dense layers."""

    def read(estimator: Any) -> ParameterViews:
        layers = estimator.network_.layers
        return ParameterViews(getattr(layer, name) for layer in layers if isinstance(layer, Dense))

    def write(estimator: Any, arrays: Any) -> None:
        read(estimator)[:] = list(arrays)

    return property(read, write, doc=doc)

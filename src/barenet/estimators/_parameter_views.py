"""The weights and biases of a network's layers, as attributes of an estimator."""

from typing import Any

from barenet.estimators._parameters import dense_layers_of


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
        is_slice = isinstance(index, slice)
        pairs = zip(self[index], value, strict=True) if is_slice else [(self[index], value)]
        for view, array in pairs:
            view[...] = array


def views_of(name: str, doc: str) -> Any:
    """A property of an estimator: the views of this name in its network's dense layers."""

    def read(estimator: Any) -> ParameterViews:
        return ParameterViews(getattr(layer, name) for layer in dense_layers_of(estimator.network_))

    def write(estimator: Any, arrays: Any) -> None:
        read(estimator)[:] = list(arrays)

    return property(read, write, doc=doc)

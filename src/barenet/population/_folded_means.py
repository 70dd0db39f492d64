"""Makes means of groups a part of a network's first weights, so that it needs them no longer.

The means of a group, m, are fixed numbers for all new rows. Let a row have the input x = 1 of this
group, with the weights w, and let v be the weights of the means. The first layer adds up::

    w x + m v = (w + m v) x,  as x is 1.

In a row of no group, x and m are 0. So w + m v become the weights of the input, and the inputs of
the means are left out.
"""

import copy

import numpy as np
from numpy.typing import NDArray

from barenet.model._network import Network
from barenet.model.layers import Dense


def fold_means(network: Network, numbers_of_inputs: NDArray[np.float64]) -> Network:
    """Return a network without the inputs of the means, which are its last inputs.

    Parameters
    ----------
    network : Network
        A network of dense layers.
    numbers_of_inputs : ndarray of shape (n_inputs, n_numbers)
        The means in a row in which an input is 1, as `GroupMeans.of_inputs` computes them.

    Returns
    -------
    Network
        The network with `n_inputs` inputs.

    Examples
    --------
    >>> network = Network.dense([3, 1], dtype="float64")
    >>> means = np.array([[0.25], [-0.5]])
    >>> network.parameters[:] = [1, 2, 10, 0]  # three weights and the bias
    >>> network.predict([[1, 0, 0.25], [0, 1, -0.5]]).ravel()
    array([ 3.5, -3. ])
    >>> fold_means(network, means).predict([[1, 0], [0, 1]]).ravel()
    array([ 3.5, -3. ])
    """
    n_inputs, n_numbers = numbers_of_inputs.shape
    first, *others = network.layers
    assert isinstance(first, Dense) and first.n_in == n_inputs + n_numbers
    folded_first = Dense(n_inputs, first.n_out, first.activation)
    folded = Network([folded_first, *copy.deepcopy(others)], dtype=network.dtype)
    # The weights of the first layer are the first parameters, one row for each input.
    n_further = first.weights.size - folded_first.weights.size
    start_of_others = folded_first.weights.size
    folded.parameters[start_of_others:] = network.parameters[start_of_others + n_further :]
    weights_of_inputs = first.weights[:n_inputs]
    weights_of_means = first.weights[n_inputs:]
    folded_first.weights[...] = weights_of_inputs + numbers_of_inputs @ weights_of_means
    return folded

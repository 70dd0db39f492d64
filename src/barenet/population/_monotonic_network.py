"""Networks that are monotonic in some inputs, by the signs of their weights.

Each unit has a sign. A rising unit (1) only increases, and a falling unit (−1) only decreases, with
an input of sign 1; a free unit (0) doesn't depend on inputs with a sign. A weight w from a unit of
sign s to one of sign t keeps this if::

    s t w ≥ 0  where both have a sign,  and  w = 0  from a unit with a sign to a free one.

Weights from free units have any sign, so rising and falling units depend on free inputs in any way.
By induction over the layers, an output of sign 1 increases with each input of sign 1 and decreases
with each of sign −1, as the activation increases. As the signs are limits of single parameters, a
mean of such networks' parameters, as that over the epochs, obeys them, too.

Half of the units with a sign fall: relu alone, which is convex, would make all outputs convex in
the inputs with a sign if all units were rising. A falling unit adds −relu(−z), which is concave,
as in "Constrained Monotonic Neural Networks" (Runje and Shankaranarayana, 2023).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.model._parameter_limits import ParameterLimits

#: The fraction of free units in a hidden layer, if there are free inputs.
FREE_UNITS = 0.25


def make_monotonic(
    network: Network, signs_of_inputs: NDArray[np.int8], signs_of_outputs: Sequence[int]
) -> None:
    """Limit the weights of a network of dense layers so that its outputs are monotonic, in place.

    The initial weights are set to these limits where they exceed them.
    """
    has_free_inputs = bool((signs_of_inputs == 0).any())
    signs = [np.asarray(signs_of_inputs, np.int8)]
    signs.extend(
        signs_of_units(n_units, has_free_inputs=has_free_inputs) for n_units in network.sizes[1:-1]
    )
    signs.append(np.array(signs_of_outputs, np.int8))
    lower = np.full_like(network.parameters, -np.inf)
    upper = np.full_like(network.parameters, np.inf)
    lower_views = network.layout.views(lower)
    upper_views = network.layout.views(upper)
    for layer, _ in enumerate(network.layers):
        before = signs[layer][:, np.newaxis]
        after = signs[layer + 1]
        products = before * after
        is_cut = (before != 0) & (after == 0)
        lower_views[layer]["weights"][(products > 0) | is_cut] = 0
        upper_views[layer]["weights"][(products < 0) | is_cut] = 0
    network._limits = ParameterLimits(lower, upper)
    network._limits.project(network.parameters)


def check_monotonic_target(target_kind: TargetKind) -> None:
    """Refuse targets with more than one number or two classes, whose predictions have no order."""
    refused = ""
    if target_kind.of_classes and target_kind.n_columns != 2:
        refused = f"{target_kind.n_columns} classes"
    elif not target_kind.of_classes and target_kind.n_columns > 1:
        refused = f"{target_kind.n_columns} numbers in each row"
    if refused:
        problem = f"is for targets of one number or two classes, and this one has {refused}"
        remedy = "leave it out, or train an ensemble for each number or class"
        raise ArgumentError(problem, argument="monotonic", remedy=remedy)


def signs_of_outputs(target_kind: TargetKind) -> tuple[int, ...]:
    """Return the signs of the outputs: of two classes, the probability of the second increases."""
    return (-1, 1) if target_kind.of_classes else (1,)


def signs_of_units(n_units: int, *, has_free_inputs: bool) -> NDArray[np.int8]:
    """Return the signs of the units of a hidden layer: free ones, then as many rising as falling.

    >>> signs_of_units(8, has_free_inputs=True)
    array([ 0,  0,  1,  1,  1, -1, -1, -1], dtype=int8)
    """
    n_free = int(n_units * FREE_UNITS) if has_free_inputs else 0
    n_falling = (n_units - n_free) // 2
    n_rising = n_units - n_free - n_falling
    return np.repeat(np.array([0, 1, -1], np.int8), [n_free, n_rising, n_falling])

"""Gradient check: compares backpropagation with finite differences of the loss.

The loss is computed twice for each parameter, slightly below and above its value. The slope between
the two approximates the derivative by its definition, without the chain rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_number
from barenet._display import write_display, write_table
from barenet.errors import ArgumentError
from barenet.model._array_dataset import validate_arrays
from barenet.model._arrays import FloatArray
from barenet.model._layout import Slot
from barenet.model._network import Network, Objective
from barenet.model.losses import Loss, as_loss

#: The step that balances the rounding error ε/h and the truncation error h²: about ∛ε.
STEP = float(np.cbrt(np.finfo(np.float64).eps))

#: The smallest norm that errors are divided by, for a loss of 1: finite differences can't be more
#: exact than the rounding of the loss.
SMALLEST_SCALE = 1e-3

#: Factors of smaller steps, which are tried where two slopes disagree, to avoid a kink such as that
#: of ReLU at 0.
SMALLER_STEPS = (1.0, 0.1, 0.01)


class ReportRow(NamedTuple):
    """A line of a report, as texts."""

    layer: str
    shape: str
    backward: str
    numeric: str
    error: str
    mark: str


#: The headings of a report.
HEAD = ReportRow("layer", "shape", "backward", "numeric", "rel. error", "")


@dataclass(frozen=True, eq=False)
class ParameterReport:
    """The gradients of one array of parameters.

    Attributes
    ----------
    layer : int
        The layer's position in the network.
    name : str
        The name of the array in the layer.
    analytic : ndarray
        The gradient by backpropagation, of the array's shape.
    numeric : ndarray
        The gradient by finite differences.
    relative_error : float
        ``‖analytic − numeric‖ / max(‖analytic‖, ‖numeric‖)``, with the Euclidean norm. Norms below
        a thousandth of the loss, or below 0.001, are replaced by that bound.

    Examples
    --------
    >>> from barenet import Network, check_gradients
    >>> report = check_gradients(Network.dense([2, 1], seed=0), [[1.0, 2.0]], [3.0])
    >>> report.parameters[1].name, report.parameters[1].analytic.round(3)
    ('bias', array([-1.645]))
    """

    layer: int
    name: str
    analytic: FloatArray
    numeric: FloatArray
    relative_error: float


@dataclass(frozen=True, eq=False)
class GradientReport:
    """The result of a gradient check; printed, it is a table.

    Attributes
    ----------
    network : Network
        The network that was checked.
    loss : float
        The loss at the parameters.
    parameters : list of ParameterReport
        An entry for each array of parameters.
    tolerance : float
        The largest relative error that counts as agreement.

    Examples
    --------
    >>> from barenet import Network, check_gradients
    >>> report = check_gradients(Network.dense([2, 3, 1]), [[1.0, 2.0]], [3.0])
    >>> bool(report)
    True
    """

    network: Network
    loss: float
    parameters: list[ParameterReport]
    tolerance: float

    @property
    def relative_error(self) -> float:
        """The greatest relative error."""
        errors = [report.relative_error for report in self.parameters]
        return float(np.max(errors, initial=0.0))  # NaN, if one is

    def __bool__(self) -> bool:
        """Return whether all gradients are correct."""
        return self.relative_error <= self.tolerance

    def __str__(self) -> str:
        """A table with a line for each array of parameters."""
        lines = []
        for row in [HEAD, *self._rows()]:
            array = f"{row.layer:<28}{row.shape:>12}"
            norms = f"{row.backward:>13}{row.numeric:>13}"
            line = f"{array}{norms}{row.error:>13}  {row.mark}"
            lines.append(line.rstrip())
        lines.append(self._verdict())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Write the table for a notebook."""
        return write_display(self._verdict(), write_table(HEAD, self._rows()))

    def _rows(self) -> Iterator[ReportRow]:
        """The norms of both gradients of each array of parameters, and their relative error."""
        for report in self.parameters:
            layer = self.network.layers[report.layer]
            mark = "" if report.relative_error <= self.tolerance else "wrong"
            sizes = [str(size) for size in report.analytic.shape]
            analytic_norm = np.linalg.norm(report.analytic)
            numeric_norm = np.linalg.norm(report.numeric)
            yield ReportRow(
                layer=f"{report.layer} {layer.name}.{report.name}",
                shape="×".join(sizes),
                backward=f"{analytic_norm:.6g}",
                numeric=f"{numeric_norm:.6g}",
                error=f"{report.relative_error:.1e}",
                mark=mark,
            )

    def _verdict(self) -> str:
        verdict = "the gradients agree" if self else "the gradients DIFFER"
        return f"loss {self.loss:.6g}; {verdict} (within {self.tolerance:g})"


def check_gradients(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    loss: str | Loss | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    training: bool = True,
    rng_key: int = 0,
    tolerance: float = 1e-6,
) -> GradientReport:
    """Compare the gradient of backpropagation with finite differences of the loss.

    Each parameter θ is moved by a small h to either side: (L(θ + h) − L(θ − h)) / 2h differs from
    dL/dθ by no more than about h². All is computed in float64, on a copy of the network.

    Parameters
    ----------
    network : Network
        The network, which is not changed and may have user-defined layers. It should be small, as
        each parameter needs two forward passes.
    X : array-like of shape (n_samples, n_inputs)
        The samples.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    loss : str or Loss, optional
        The loss function; the default depends on the output activation.
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the samples.
    training : bool, default=True
        False to check dropout and batch norm as in prediction.
    rng_key : int, default=0
        Key of the random numbers of dropout, which are the same in each evaluation.
    tolerance : float, default=1e-6
        The largest relative error that counts as agreement.

    Returns
    -------
    GradientReport
        True if all gradients agree; printed, it is a table.

    Raises
    ------
    ValueError
        If an argument does not fit the network; the message names it.

    Examples
    --------
    >>> from barenet import Network, check_gradients
    >>> network = Network.dense([2, 3, 2], hidden="tanh", output="softmax", seed=0)
    >>> print(check_gradients(network, [[0.5, -1.0], [2.0, 0.1]], [0, 1]))  # doctest: +ELLIPSIS
    layer                              shape     backward      numeric   rel. error
    0 dense.weights                      2×3     0.397004     0.397004 ...
    0 dense.bias                           3    0.0501206    0.0501206 ...
    1 dense.weights                      3×2     0.292505     0.292505 ...
    1 dense.bias                           2    0.0985689    0.0985689 ...
    loss 0.768299; the gradients agree (within 1e-06)
    """
    check_number(tolerance, "tolerance", gt=0)
    if not isinstance(network, Network):
        raise ArgumentError.of("network", network, "a Network")
    twin = network.copy("float64")
    chosen = as_loss(loss, twin.output_activation)
    dataset = validate_arrays(twin, chosen, X, y, sample_weight)
    rows = dataset.take(dtype=twin.dtype)
    objective = Objective(twin, chosen)

    def value() -> float:
        result, _ = objective.value_and_output(rows, training=training, rng_key=rng_key)
        return result

    loss_value, analytic = objective.value_and_gradient(rows, training=training, rng_key=rng_key)
    numeric = finite_differences(value, twin.parameters, analytic, tolerance)
    reports = [_compare(slot, analytic, numeric, loss_value) for slot in twin.layout.slots]
    return GradientReport(network, loss_value, reports, tolerance)


def finite_differences(
    value: Callable[[], float],
    vector: FloatArray,
    analytic: FloatArray,
    tolerance: float = 1e-6,
    indices: Iterable[int] | None = None,
) -> NDArray[np.float64]:
    """Compute the derivative of a function by finite differences, entry by entry."""
    numeric = np.full(len(vector), np.nan)
    if indices is None:
        indices = range(len(vector))
    for index in indices:
        expected = float(analytic[index])
        numeric[index] = _difference(value, vector, index, expected, tolerance)
    return numeric


def _difference(
    value: Callable[[], float], vector: FloatArray, index: int, expected: float, tolerance: float
) -> float:
    """(L(θ + h) − L(θ − h)) / 2h for one entry, or the expected slope at a kink."""
    theta = vector[index]

    def at(moved: float) -> float:
        vector[index] = moved
        result = value()
        vector[index] = theta
        return result

    for factor in SMALLER_STEPS:
        step = STEP * factor * max(1.0, abs(theta))
        # θ + h and θ − h are rounded; the difference of the two is exact.
        above = theta + step
        below = theta - step
        rise = at(above) - at(below)
        slope = float(rise / (above - below))
        scale = max(abs(expected), SMALLEST_SCALE)
        if abs(slope - expected) <= tolerance * scale:
            return slope
    center = value()
    step = STEP * SMALLER_STEPS[-1]
    slopes = []
    for end in (theta - step, theta + step):
        rise = at(end) - center
        slopes.append(rise / (end - theta))
    low, high = sorted(slopes)
    steepest = max(abs(low), abs(high))
    is_kink = high - low > 1e-3 * steepest
    margin = 1e-3 * (high - low)
    if is_kink and low - margin <= expected <= high + margin:
        return expected  # at a kink, any slope between those of the two sides is accepted
    return slope


def _compare(slot: Slot, analytic: FloatArray, numeric: FloatArray, loss: float) -> ParameterReport:
    """Compare the gradients of one array."""
    backward = analytic[slot.start : slot.stop].reshape(slot.shape)
    differences = numeric[slot.start : slot.stop].reshape(slot.shape)
    norm = float(np.linalg.norm(backward))
    numeric_norm = float(np.linalg.norm(differences))
    smallest_scale = SMALLEST_SCALE * max(1.0, abs(loss))
    scale = max(norm, numeric_norm, smallest_scale)
    error = math.inf
    if math.isfinite(scale):
        distance = float(np.linalg.norm(backward - differences))
        error = distance / scale
    return ParameterReport(slot.layer, slot.name, backward, differences, error)

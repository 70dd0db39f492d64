"""L-BFGS: Rosenbrock's valley, what an iteration reports, and how it ends."""

import numpy as np
import pytest
import scipy.optimize

from barenet.optimization.optimizers import LBFGS


class Function:
    """A function of one vector, as `LBFGS.minimize` takes it, that notes every evaluation."""

    def __init__(self, value, gradient, start, dtype="float64"):
        self.parameters = np.array(start, dtype)
        self.value, self.gradient = value, gradient
        self.values: list[float] = []

    def __call__(self):
        self.values.append(float(self.value(self.parameters)))
        return self.values[-1], self.gradient(self.parameters).astype(self.parameters.dtype)


def rosenbrock(start=(-1.2, 1.0), dtype="float64") -> Function:
    return Function(scipy.optimize.rosen, scipy.optimize.rosen_der, start, dtype)


def go_on(value, gradient) -> bool:
    return False


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (-1.2, 1.0, -0.5, 2.0, 1.3)])
def test_rosenbrock_minimum_is_found_to_the_tolerance(start, dtype):
    """Not that the last iteration gained little, which in a long valley it may."""
    function, tolerance = rosenbrock(start, dtype), {"float32": 1e-5, "float64": 1e-8}[dtype]
    parameters = function.parameters
    assert LBFGS(tolerance=tolerance).minimize(function, parameters, 200, go_on) == "converged"
    assert np.abs(scipy.optimize.rosen_der(parameters.astype(float))).max() <= tolerance
    np.testing.assert_allclose(parameters, 1, atol=1e-5)


def test_iterations_report_their_initial_loss_and_gradient():
    function = rosenbrock()
    start = function.parameters.copy()
    reports = []

    def note(value, gradient):
        reports.append((value, gradient.copy(), function.parameters.copy()))
        return False

    assert LBFGS().minimize(function, function.parameters, 10, note) == "completed"
    assert len(reports) == 10
    place = start
    for value, gradient, after in reports:
        assert value == pytest.approx(scipy.optimize.rosen(place), rel=1e-12)
        np.testing.assert_allclose(gradient, scipy.optimize.rosen_der(place), rtol=1e-12)
        assert scipy.optimize.rosen(after) < value
        place = after
    np.testing.assert_array_equal(function.parameters, place)


def test_lbfgs_can_be_stopped_between_iterations():
    function, seen = rosenbrock(), []

    def third(value, gradient):
        seen.append(function.parameters.copy())
        return len(seen) == 3

    assert LBFGS().minimize(function, function.parameters, 100, third) == "stopped"
    assert len(seen) == 3
    np.testing.assert_array_equal(function.parameters, seen[-1])


def test_a_small_decrease_is_convergence():
    function, optimizer = rosenbrock(), LBFGS(tolerance=0, gain=0.5)
    assert optimizer.minimize(function, function.parameters, 99, go_on) == "converged"
    assert np.abs(scipy.optimize.rosen_der(function.parameters)).max() > 1e-3


def test_evaluations_are_counted():
    function = rosenbrock()
    limited = LBFGS(evaluations=5)
    ending = limited.minimize(function, function.parameters, 99, go_on)
    assert ending == "the maximum of 5 evaluations was reached" and len(function.values) <= 6

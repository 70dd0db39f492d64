"""L-BFGS: Rosenbrock's valley, the steps of SciPy, what an iteration reports, and how it ends."""

import numpy as np
import pytest
import scipy.optimize

from barenet.optimization.optimizers import LBFGS
from barenet.optimization.optimizers._lbfgs import LBFGSState


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
    assert len(function.values) > 2


def test_evaluations_are_counted():
    function = rosenbrock()
    limited = LBFGS(evaluations=5)
    ending = limited.minimize(function, function.parameters, 99, go_on)
    assert ending == "the maximum of 5 evaluations was reached" and len(function.values) <= 6


@pytest.mark.parametrize("scale", [1.0, 1e-4])
@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), tuple(np.linspace(-4, 4, 20))])
def test_steps_are_those_of_scipy(start, scale):
    """Also where the first step of an iteration is too long or too short."""

    def value(x):
        return scale * scipy.optimize.rosen(x)

    def gradient(x):
        return scale * scipy.optimize.rosen_der(x)

    function = Function(value, gradient, start)
    ours = []
    optimizer = LBFGS(tolerance=1e-8)
    optimizer.minimize(function, function.parameters, 15, lambda loss, _: ours.append(loss))
    n_evaluations = len(function.values)
    theirs = [function.values[0]]
    options = {"maxiter": 15, "maxcor": 10, "gtol": 1e-8, "ftol": 0}
    result = scipy.optimize.minimize(
        value,
        np.array(start),
        jac=gradient,
        method="L-BFGS-B",
        callback=lambda x: theirs.append(value(x)),
        options=options,
    )
    assert n_evaluations == result.nfev > 15
    np.testing.assert_allclose(ours, theirs[:15], rtol=1e-8)
    np.testing.assert_allclose(function.parameters, result.x, rtol=1e-6)


def test_a_search_in_parts_takes_the_same_steps(dtype):
    whole, parts = rosenbrock(dtype=dtype), rosenbrock(dtype=dtype)
    LBFGS().minimize(whole, whole.parameters, 20, go_on)
    state = LBFGSState()
    for iterations in (1, 12, 7):
        restored = LBFGSState()
        restored.load_state_dict(state.state_dict())
        state = restored
        assert LBFGS().minimize(parts, parts.parameters, iterations, go_on, state) == "completed"
    assert parts.values == whole.values
    np.testing.assert_array_equal(parts.parameters, whole.parameters)


def test_a_search_starts_anew_at_other_parameters():
    function, state = rosenbrock(), LBFGSState()
    LBFGS().minimize(function, function.parameters, 9, go_on, state)
    function.parameters[:] = (0.0, 0.0)
    n_before = len(function.values)
    LBFGS().minimize(function, function.parameters, 9, go_on, state)
    plain = rosenbrock((0.0, 0.0))
    LBFGS().minimize(plain, plain.parameters, 9, go_on)
    assert function.values[n_before:] == plain.values
    assert state.n_evaluations == len(function.values)


def test_a_search_ends_before_a_loss_that_is_not_finite():
    function = Function(lambda x: float(x[0]) if x[0] > 0 else np.nan, np.ones_like, (0.5,))
    ending = LBFGS().minimize(function, function.parameters, 9, go_on)
    assert ending == "no step makes the loss smaller any more"
    assert np.isnan(function.values[-1]) and function.parameters == 0.5


def test_a_search_ends_where_no_step_makes_the_loss_smaller():
    function = Function(lambda x: float(np.abs(x).sum()), np.ones_like, (0.0, 0.0))
    ending = LBFGS().minimize(function, function.parameters, 9, go_on)
    assert ending == "no step makes the loss smaller any more"
    np.testing.assert_array_equal(function.parameters, 0)


def test_a_search_ends_where_the_loss_falls_forever():
    function = Function(lambda x: -float(x[0]), lambda x: -np.ones_like(x), (1.0,))
    ending = LBFGS().minimize(function, function.parameters, 9, go_on)
    assert ending == "no step makes the loss smaller any more"
    assert len(function.values) == 21 and function.parameters == 1.0

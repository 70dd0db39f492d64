"""Ensembles predict the mean of their networks, whatever computes it."""

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array

from barenet import Network
from barenet.layers import BatchNorm, Dense, LayerNorm, PReLU
from barenet.model._ensemble import networks_of
from barenet.typing import Ensemble

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1000, 30))


class UserDefined(Dense):
    name = "mine"


def networks(dtype="float32", output="softmax", kind=Dense):
    """Three networks of different layers and widths."""
    layers = [
        [Dense(30, 40, "relu"), BatchNorm(40), kind(40, 4, output)],
        [Dense(30, 3000, "tanh"), Dense(3000, 4, output)],
        [Dense(30, 8, "silu"), LayerNorm(8), PReLU(8), Dense(8, 4, output)],
    ]
    return [Network(each, seed=seed, dtype=dtype) for seed, each in enumerate(layers)]


def by_hand(members, rows):
    """The mean in float64, of `forward` alone."""
    outputs = [each.copy("float64").forward(np.asarray(rows, float))[0] for each in members]
    return np.mean(outputs, axis=0)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("dtype", "n_rows", "kind"),
    [("float32", 1, Dense), ("float64", 600, Dense), ("float32", 40, UserDefined)],
)
def test_the_mean_of_networks_with_and_without_kernels(dtype, n_rows, kind):
    members, rows = networks(dtype, kind=kind), X[:n_rows]
    ensemble = Ensemble(members)
    assert (ensemble._programs is None) == (kind is UserDefined)
    for given in (rows, rows.astype("float32"), rows.tolist(), csr_array(rows)):
        outputs = ensemble.predict(given)
        assert outputs.dtype == dtype
        tolerance = 1e-12 if dtype == "float64" and given is not rows.astype else 1e-6
        expected = by_hand(members, given.toarray() if hasattr(given, "toarray") else given)
        np.testing.assert_allclose(outputs, expected, atol=max(tolerance, 1e-12))


def test_the_bits_do_not_depend_on_the_number_of_rows():
    ensemble = Ensemble(networks())
    every = ensemble.predict(X)
    for n_rows in (1, 3, 1, 700, 2):
        assert np.array_equal(ensemble.predict(X[:n_rows]), every[:n_rows])


def test_networks_are_copied():
    members = networks()
    ensemble = Ensemble(iter(members))
    expected = ensemble.predict(X[:5])
    members[0].parameters[:] = 0
    assert np.array_equal(ensemble.predict(X[:5]), expected)
    assert ensemble.n_parameters == sum(each.n_parameters for each in members)
    assert (ensemble.n_inputs, ensemble.n_outputs, ensemble.dtype) == (30, 4, np.float32)
    assert len(networks_of(ensemble)) == 3 and networks_of(members[0]) == (members[0],)
    assert "3 such networks" in ensemble.summary()


def test_copies_predict_the_same():
    ensemble = Ensemble(networks())
    expected = ensemble.predict(X[:5])
    for twin in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble)), ensemble.copy()):
        assert np.array_equal(twin.predict(X[:5]), expected)
    double = ensemble.copy("float64").predict(X[:5])
    assert double.dtype == np.float64 and np.allclose(double, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([*networks(), Network.dense([30, 3])], "they differ in n_outputs: 4, 3"),
        ([*networks(), Network.dense([29, 4])], "they differ in n_inputs: 30, 29"),
        ([*networks(), Network.dense([30, 4])], "they differ in output_activation: "),
        ([*networks(), *networks("float64")], "dtype"),
        *((wrong, "expected a list of") for wrong in (["one"], [], None, 3, networks()[0])),
    ],
)
def test_wrong_arguments_are_named(given, problem, refused):
    with refused("networks", problem):
        Ensemble(given)


def test_rows_that_do_not_fit_are_refused():
    ensemble = Ensemble(networks())
    for wrong in (X[:2, :3], np.full((2, 30), np.nan), np.empty((0, 30))):
        with pytest.raises(ValueError, match="X: "):
            ensemble.predict(wrong)
    large = Network.dense([1, 1])
    large.parameters[:] = 10
    with pytest.raises(ValueError, match="row 1 has values so large"):
        Ensemble([large, large]).predict(np.array([[0.0], [3e38]]))


@pytest.mark.integration
@pytest.mark.parametrize(("dtype", "kind"), [("float32", Dense), ("float64", UserDefined)])
def test_the_spread_of_the_networks(dtype, kind):
    members = networks(dtype, kind=kind)
    outputs = np.array([each.copy("float64").forward(X)[0] for each in members])
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    even = Ensemble(members)
    mean, spread = even.mean_and_spread(X)
    assert np.array_equal(mean, even.predict(X)) and spread.dtype == dtype
    np.testing.assert_allclose(spread, outputs.std(axis=0, ddof=1), atol=tolerance)
    if even._programs is not None:  # with kernels, the bits do not depend on the number of rows
        assert np.array_equal(even.mean_and_spread(X[:3])[1], spread[:3])
    assert not Ensemble(members[:1]).mean_and_spread(X)[1].any()

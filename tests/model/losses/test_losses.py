"""Which loss goes with which output, and when it is computed from the logits."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.losses import (
    LOSSES,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from barenet.model._activations import ACTIVATIONS, Identity
from barenet.model.losses import as_loss, logits_form
from barenet.model.losses._focal import SigmoidFocal, SoftmaxBinaryFocal, SoftmaxFocal
from barenet.model.losses._poisson import (
    ExponentialPoisson,
    SigmoidPoisson,
    SoftmaxPoisson,
    SoftplusPoisson,
)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_usual_loss_of_an_output(activation):
    usual = {
        "softmax": CategoricalCrossEntropy(),
        "sigmoid": BinaryCrossEntropy(),
        "exponential": Poisson(),
        "softplus": Poisson(),
    }
    assert as_loss(None, ACTIVATIONS[activation]()) == usual.get(activation, SquaredError())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_the_output_cannot_serve_is_refused(name, activation):
    probabilities, positive = {"sigmoid", "softmax"}, {"exponential", "softplus"}
    outputs = {
        "binary_cross_entropy": probabilities,
        "categorical_cross_entropy": probabilities,
        "binary_focal": probabilities,
        "categorical_focal": probabilities,
        "poisson": probabilities | positive,
    }.get(name, set(ACTIVATIONS))
    output = ACTIVATIONS[activation]()
    if activation in outputs:
        assert as_loss(name, output) == LOSSES[name]()
        assert as_loss(LOSSES[name](), output) == LOSSES[name]()
    else:
        for loss in (name, LOSSES[name]()):
            with pytest.raises(
                ValueError,
                match=rf"^loss: {name} needs an output .* the network's is {activation}$",
            ):
                as_loss(loss, output)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_what_is_computed_from_the_logits(name, activation):
    stable = {
        ("binary_cross_entropy", "sigmoid"): SigmoidCrossEntropy(),
        ("categorical_cross_entropy", "softmax"): SoftmaxCrossEntropy(),
        ("binary_cross_entropy", "softmax"): SoftmaxBinaryFocal(gamma=0),
        ("poisson", "exponential"): ExponentialPoisson(),
        ("poisson", "softplus"): SoftplusPoisson(),
        ("poisson", "sigmoid"): SigmoidPoisson(),
        ("poisson", "softmax"): SoftmaxPoisson(),
        ("binary_focal", "softmax"): SoftmaxBinaryFocal(),
        ("binary_focal", "sigmoid"): SigmoidFocal(),
        ("categorical_focal", "softmax"): SoftmaxFocal(),
    }.get((name, activation))
    loss = LOSSES[name]()
    assert logits_form(loss, ACTIVATIONS[activation]()) == (
        (loss, False) if stable is None else (stable, True)
    )


@pytest.mark.parametrize(
    ("name", "activation"),
    [
        ("binary_cross_entropy", "sigmoid"),
        ("categorical_cross_entropy", "softmax"),
        ("binary_cross_entropy", "softmax"),
        ("poisson", "exponential"),
        ("poisson", "softplus"),
        ("poisson", "sigmoid"),
        ("poisson", "softmax"),
        ("binary_focal", "softmax"),
        ("binary_focal", "sigmoid"),
        ("categorical_focal", "softmax"),
    ],
)
def test_from_the_logits_it_is_the_same_number(name, activation):
    rng = np.random.default_rng(0)
    Z, y, w = rng.normal(size=(5, 3)), rng.dirichlet(np.ones(3), 5), rng.uniform(size=5)
    function, loss = ACTIVATIONS[activation](), LOSSES[name]()
    stable, _ = logits_form(loss, function)
    A = function.forward(Z)
    assert stable.value(Z, y, w) == pytest.approx(loss.value(A, y, w), rel=1e-13)
    chain = function.backward(Z, A, loss.gradient(A, y, w))
    np.testing.assert_allclose(stable.gradient(Z, y, w), chain, rtol=1e-12, atol=1e-15)


def test_a_name_with_options_and_an_unknown_one():
    assert as_loss("huber:delta=2", Identity()) == Huber(delta=2)
    with pytest.raises(ValueError, match=r"^loss: unknown 'hubert', did you mean 'huber'\?"):
        as_loss("hubert", Identity())
    with pytest.raises(ValueError, match=r"^loss: expected one of absolute_error, .* got 5$"):
        as_loss(5, Identity())

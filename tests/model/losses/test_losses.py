"""Which loss goes with which output, and when it is computed from the logits."""

import numpy as np
import pytest

from barenet.losses import (
    LOSSES,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from barenet.model._activations import ACTIVATIONS
from barenet.model.losses import as_loss, logits_form
from barenet.model.losses._classification import SigmoidFocal, SoftmaxFocal
from barenet.model.losses._regression import ExponentialPoisson, SoftplusPoisson


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_default_loss_of_each_output(activation):
    usual = {
        "softmax": CategoricalCrossEntropy(),
        "sigmoid": BinaryCrossEntropy(),
        "exponential": Poisson(),
        "softplus": Poisson(),
    }
    assert as_loss(None, ACTIVATIONS[activation]()) == usual.get(activation, SquaredError())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_does_not_fit_the_output_is_refused(name, activation):
    outputs = {
        "binary_cross_entropy": {"sigmoid"},
        "categorical_cross_entropy": {"softmax"},
        "binary_focal": {"sigmoid"},
        "categorical_focal": {"softmax"},
        "poisson": {"exponential", "softplus"},
        "gaussian_nll": {"identity"},
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


FORMS = {
    ("binary_cross_entropy", "sigmoid"): SigmoidCrossEntropy(),
    ("categorical_cross_entropy", "softmax"): SoftmaxCrossEntropy(),
    ("poisson", "exponential"): ExponentialPoisson(),
    ("poisson", "softplus"): SoftplusPoisson(),
    ("binary_focal", "sigmoid"): SigmoidFocal(),
    ("categorical_focal", "softmax"): SoftmaxFocal(),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_the_logit_form_of_a_loss(name, activation):
    loss, form = LOSSES[name](), FORMS.get((name, activation))
    expected = (loss, False) if form is None else (form, True)
    assert logits_form(loss, ACTIVATIONS[activation]()) == expected


#: Losses, targets that they refuse, the reason, and targets that they take.
TARGETS = [
    *((loss, y, f"{loss.name} needs targets from 0 to 1, got -", [[0.3, 0.7]])
      for loss in (BinaryCrossEntropy(), CategoricalCrossEntropy())
      for y in ([[1.5, -0.5]], [[-1.0, 2.0]])),
    *((CategoricalCrossEntropy(), y, ".* sum to 1 .* binary_cross_entropy$", [[1 / 3] * 3])
      for y in ([[1.0, 1.0]], [[0.0, 0.0]], [[0.5, 0.4]])),
    (Poisson(), [[2.0], [-1.0]], "the poisson loss needs counts of 0 or m.*, got -1", [[0], [2.5]]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "y", "problem", "others"), TARGETS)
def test_targets_that_do_not_fit_the_loss_are_refused(loss, y, problem, others, refused):
    with refused("y", problem):
        loss.check_targets(np.array(y))
    loss.check_targets(np.array(others, np.float32))
    if "sum" in problem:
        BinaryCrossEntropy().check_targets(np.array(y))


@pytest.mark.parametrize("levels", ["[0.5,0.1]", "[0.1,0.1]", "[0.1,2]", "a"])
def test_levels_that_are_no_quantiles_are_refused(levels, refused):
    with refused("loss", "quantile's levels"):
        as_loss(f"quantile:levels={levels}", ACTIVATIONS["ascending"]())

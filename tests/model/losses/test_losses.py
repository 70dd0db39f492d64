"""Which loss goes with which output, and when it is computed from the logits."""

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

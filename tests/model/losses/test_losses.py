"""What all losses share, with PyTorch's figures for each, and which one goes with which output."""

import numpy as np
import pytest

from barenet import losses
from barenet._registry import build
from barenet.activations import ACTIVATIONS
from barenet.losses import LOSSES, Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from barenet.model.losses import as_loss, logits_form
from barenet.model.losses._classification import SigmoidFocal, SoftmaxFocal
from barenet.model.losses._regression import (
    ExponentialGamma,
    ExponentialPoisson,
    ExponentialTweedie,
    SoftplusPoisson,
)

#: Those by name, and those on logits, which are found and not chosen.
ALL = dict(LOSSES)
for kind in LOSSES.values():
    for form in kind.on_logits.values():
        ALL[form.name] = form


def sample(n_samples=6, n_outputs=4, dtype="float64", seed=0):
    """Outputs and targets that every loss has a meaning for: rows of probabilities."""
    rng = np.random.default_rng(seed)
    output, y = rng.dirichlet(np.ones(n_outputs), (2, n_samples))
    return output.astype(dtype), y.astype(dtype)


def test_values_and_gradients_agree_with_pytorch(pytorch):
    """PyTorch's losses, summed over the outputs; three of them need a word.

    Squared error has the factor 1 there. Poisson leaves out y ln y − y, which is the same for all
    predictions; the missing constant is in the figures. The categorical cross-entropy of
    probabilities is its negative log likelihood of the logarithms.
    """
    figures = pytorch["losses"]
    weights = np.array(figures["weights"])
    specs = {"squared_error": "squared_error:factor=1"}
    for spec, case in figures["results"].items():
        loss = build(Loss, ALL, specs.get(spec, spec), "loss")
        output, y = np.array(case["output"]), np.array(case["y"])
        for name, w in (("plain", None), ("weighted", weights)):
            expected = case[name]["value"]
            if "poisson" in spec:
                expected -= np.average((y - y * np.log(np.where(y, y, 1))).sum(axis=1), weights=w)
            note = f"{spec} {name}"
            assert loss.value(output, y, w) == pytest.approx(expected, rel=1e-13, abs=1e-14), note
            gradient, oracle = loss.gradient(output, y, w), case[name]["gradient"]
            np.testing.assert_allclose(gradient, oracle, rtol=1e-12, atol=1e-15, err_msg=note)


#: Losses without figures from PyTorch, and the reason; test_exact.py has them in 60 digits.
MISSING = {
    "quantile": "PyTorch doesn't have it",
    "binary_focal": "PyTorch doesn't have it",
    "sigmoid_focal": "PyTorch doesn't have it",
    "categorical_focal": "PyTorch doesn't have it",
    "softmax_focal": "PyTorch doesn't have it",
    "softplus_poisson": "it is two functions in PyTorch",
    "gamma": "PyTorch doesn't have it",
    "exponential_gamma": "PyTorch doesn't have it",
    "tweedie": "PyTorch doesn't have it",
    "exponential_tweedie": "PyTorch doesn't have it",
}


def test_every_loss_is_compared_with_pytorch(pytorch):
    tested = {spec.partition(":")[0] for spec in pytorch["losses"]["results"]}
    remedy = "add it to tests/oracles/make_pytorch.py, or to MISSING with the reason"
    assert tested | MISSING.keys() >= set(ALL), remedy
    assert not tested & MISSING.keys(), "remove it from MISSING"


@pytest.mark.case(188)
def test_the_sweeps_have_every_loss_on_logits():
    """Each loss that training may choose for an output is one of those above and below."""
    for kind in LOSSES.values():
        for activation in ACTIVATIONS.values():
            form, _ = logits_form(kind(), activation())
            assert ALL[form.name] is type(form)
    assert ALL["softplus_poisson"] is SoftplusPoisson


@pytest.mark.parametrize("name", ALL)
def test_the_value_is_the_mean_of_the_samples(name):
    """And zero for a batch of zero weight."""
    loss, (output, y) = ALL[name](), sample()
    each = [loss.value(output[[i]], y[[i]]) for i in range(6)]
    np.testing.assert_allclose(loss.per_sample(output, y), each, rtol=1e-13)
    assert loss.value(output, y) == pytest.approx(np.mean(each), rel=1e-13)
    assert loss.value(output, y, np.zeros(6)) == 0
    assert not loss.gradient(output, y, np.zeros(6)).any()


def test_a_loss_of_differences_ignores_a_shift_of_outputs_and_targets():
    """Targets are scaled by default for these losses alone."""
    output, y = sample()
    for name, kind in ALL.items():
        loss = kind()
        shifted = loss.value(output + 1, y + 1)
        unchanged = shifted == pytest.approx(loss.value(output, y), rel=1e-12)
        assert unchanged == loss.of_differences, name


@pytest.mark.parametrize("name", ALL)
def test_integer_weights_equal_copies(name):
    loss, (output, y) = ALL[name](), sample()
    w = np.array([3.0, 0, 1, 0, 5, 2])
    rows = np.repeat(np.arange(6), w.astype(int))
    assert loss.value(output, y, w) == pytest.approx(loss.value(output[rows], y[rows]), rel=1e-12)
    copies = loss.gradient(output[rows], y[rows])
    expected = np.zeros_like(output)
    np.add.at(expected, rows, copies)
    np.testing.assert_allclose(loss.gradient(output, y, w), expected, rtol=1e-12, atol=1e-15)


def test_weights_near_the_largest_float32():
    """Their sum is beyond it, their shares are not."""
    loss, (output, y) = SquaredError(), sample(dtype="float32")
    weights = np.full(6, 3e38, np.float32)
    assert loss.value(output, y, weights) == pytest.approx(loss.value(output, y), rel=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_dtype_and_inputs_are_preserved(name):
    dtype = "float32"
    loss, (output, y) = ALL[name](), sample(dtype=dtype)
    weights = np.ones(6, dtype)
    for array in (output, y, weights):
        array.flags.writeable = False
    assert loss.per_sample(output, y).dtype == dtype
    assert loss.gradient(output, y).dtype == dtype
    assert loss.gradient(output, y, weights).dtype == dtype
    assert type(loss.value(output, y, weights)) is float
    assert type(loss.value(output, y)) is float


@pytest.mark.parametrize("y", [np.ones(2), np.ones((2, 1)), np.ones((1, 3)), np.ones((3, 3))])
def test_shapes_that_would_be_broadcast_are_refused(y):
    """NumPy would make a matrix of every output against every target, and no one would know."""
    for compute in (SquaredError().value, SquaredError().gradient):
        with pytest.raises(ValueError, match=r"^y: expected the shape of the output, \(2, 3\)"):
            compute(np.ones((2, 3)), y)


def test_the_default_loss_of_each_output():
    usual = {
        "softmax": losses.CategoricalCrossEntropy(),
        "sigmoid": losses.BinaryCrossEntropy(),
        "exponential": losses.Poisson(),
        "softplus": losses.Poisson(),
    }
    for name, activation in ACTIVATIONS.items():
        assert as_loss(None, activation()) == usual.get(name, SquaredError())


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_does_not_fit_the_output_is_refused(name, refused):
    outputs = {
        "binary_cross_entropy": {"sigmoid"},
        "categorical_cross_entropy": {"softmax"},
        "binary_focal": {"sigmoid"},
        "categorical_focal": {"softmax"},
        "poisson": {"exponential", "softplus"},
        "gamma": {"exponential"},
        "tweedie": {"exponential"},
        "gaussian_nll": {"identity"},
    }.get(name, set(ACTIVATIONS))
    for activation, kind in ACTIVATIONS.items():
        for loss in (name, LOSSES[name]()):
            if activation in outputs:
                assert as_loss(loss, kind()) == LOSSES[name]()
            else:
                with refused("loss", rf"{name} needs .* {activation}$"):
                    as_loss(loss, kind())


FORMS = {
    ("binary_cross_entropy", "sigmoid"): SigmoidCrossEntropy(),
    ("categorical_cross_entropy", "softmax"): SoftmaxCrossEntropy(),
    ("poisson", "exponential"): ExponentialPoisson(),
    ("poisson", "softplus"): SoftplusPoisson(),
    ("gamma", "exponential"): ExponentialGamma(),
    ("tweedie", "exponential"): ExponentialTweedie(),
    ("binary_focal", "sigmoid"): SigmoidFocal(),
    ("categorical_focal", "softmax"): SoftmaxFocal(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_logit_form_of_a_loss(name):
    loss = LOSSES[name]()
    for activation, kind in ACTIVATIONS.items():
        form = FORMS.get((name, activation))
        expected = (loss, False) if form is None else (form, True)
        assert logits_form(loss, kind()) == expected, activation


#: Losses, targets that they refuse, the reason, and targets that they take.
TARGETS = [
    *((loss, y, f"{loss.name} needs targets from 0 to 1, got -", [[0.3, 0.7]])
      for loss in (losses.BinaryCrossEntropy(), losses.CategoricalCrossEntropy())
      for y in ([[1.5, -0.5]], [[-1.0, 2.0]])),
    *((losses.CategoricalCrossEntropy(), y, ".* sum to 1 .* binary_cross_entropy$", [[1 / 3] * 3])
      for y in ([[1.0, 1.0]], [[0.0, 0.0]], [[0.5, 0.4]])),
    (losses.Poisson(), [[2.0], [-1.0]], "the poisson loss needs counts .*, got -1", [[0], [2.5]]),
    (losses.Gamma(), [[2.0], [0.0]], "the gamma loss needs targets above 0, got 0", [[0.1], [2]]),
    (losses.Tweedie(), [[2.0], [-1.0]], "the tweedie loss needs .* or more, got -1", [[0], [2.5]]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "y", "problem", "others"), TARGETS)
def test_targets_that_do_not_fit_the_loss_are_refused(loss, y, problem, others, refused):
    with refused("y", problem):
        loss.check_targets(np.array(y))
    loss.check_targets(np.array(others, np.float32))
    if "sum" in problem:
        losses.BinaryCrossEntropy().check_targets(np.array(y))


@pytest.mark.parametrize("levels", ["[0.5,0.1]", "[0.1,0.1]", "[0.1,2]", "a"])
def test_levels_that_are_no_quantiles_are_refused(levels, refused):
    with refused("loss", "quantile's levels"):
        as_loss(f"quantile:levels={levels}", ACTIVATIONS["ascending"]())

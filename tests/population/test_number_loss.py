"""The losses of ensembles for numbers: their scalings by copies of rows, their means by hand."""

import numpy as np
import pytest
from sklearn.metrics import (
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_tweedie_deviance,
)

from barenet.population._number_loss import NumberLoss
from barenet.population._out_of_fold import OutOfFold

RNG = np.random.default_rng(0)
Y = RNG.gamma(1.0, size=(60, 2)) * [1, 1e4]
WEIGHT = RNG.integers(0, 4, 60)


def half_of_tweedie(y, predicted, **options):
    return mean_tweedie_deviance(y, predicted, power=1.3, **options) / 2


#: Each loss with its mean by scikit-learn.
LOSSES = [
    (NumberLoss.of("squared_error"), mean_squared_error),
    (NumberLoss.of("absolute_error"), mean_absolute_error),
    (NumberLoss.of("quantile", 0.8), lambda *y, **w: mean_pinball_loss(*y, alpha=0.8, **w)),
    (NumberLoss.of("poisson"), lambda *y, **w: mean_poisson_deviance(*y, **w) / 2),
    (NumberLoss.of("gamma"), lambda *y, **w: mean_gamma_deviance(*y, **w) / 2),
    (NumberLoss.of("tweedie", power=1.3), half_of_tweedie),
]
KINDS = [loss for loss, _ in LOSSES]


@pytest.mark.parametrize("loss", KINDS, ids=str)
def test_a_weight_scales_like_copies_of_a_row(loss):
    weighted = loss.fit_scaling(Y, WEIGHT.astype(float))
    copies = np.repeat(Y, WEIGHT, axis=0)
    copied = loss.fit_scaling(copies, np.ones(len(copies)))
    np.testing.assert_allclose(weighted.offset, copied.offset, rtol=1e-12)
    np.testing.assert_allclose(weighted.factor, copied.factor, rtol=1e-12)


def test_scales_by_hand():
    y = np.array([[1.0], [2.0], [3.0], [4.0], [1e6]])
    even = np.ones(5)
    for loss in KINDS[3:]:  # the log links
        scaling = loss.fit_scaling(y, even)
        assert scaling.offset == 0 and scaling.factor == pytest.approx(1 / y.mean())
    median = NumberLoss.of("absolute_error").fit_scaling(y, even)
    assert median.offset == 3 and median.factor == pytest.approx(1.349 / (4 - 2))
    upper = NumberLoss.of("quantile", 0.8).fit_scaling(y, even)
    assert upper.offset == 4 and upper.factor == median.factor
    mostly_equal = np.array([[0.0], [0.0], [0.0], [0.0], [10.0]])  # with the deviation 4
    assert NumberLoss.of("absolute_error").fit_scaling(mostly_equal, even).factor == 0.25


@pytest.mark.parametrize(("loss", "expected"), LOSSES, ids=[str(loss) for loss, _ in LOSSES])
def test_the_mean_over_rows_and_outputs_is_that_of_scikit_learn(loss, expected):
    weight = WEIGHT / WEIGHT.sum()
    predicted = Y * RNG.gamma(4.0, 0.25, size=Y.shape)
    each = [
        expected(Y[:, column], predicted[:, column], sample_weight=WEIGHT) for column in range(2)
    ]
    assert loss.mean(predicted, Y, weight) == pytest.approx(np.mean(each), rel=1e-9)


@pytest.mark.parametrize(("loss", "expected"), LOSSES, ids=[str(loss) for loss, _ in LOSSES])
def test_the_expected_loss_of_an_ensemble_is_that_of_its_loss(loss, expected):
    """From the loss of one repeat and of the mean of three, as for squared errors."""
    y = Y[:, :1]
    rows = OutOfFold(y, np.full(60, 1 / 60), loss)
    repeats = y * RNG.gamma(4.0, 0.25, size=(3, 60, 1))
    alone = np.mean([expected(y, predicted) for predicted in repeats])
    together = expected(y, repeats.mean(axis=0))
    limit = (3 * together - alone) / 2
    found = rows.ensemble_loss(repeats, 12)
    assert found == pytest.approx(limit + (alone - limit) / 12, rel=1e-9)

"""The main metric of a target, and the weights of its classes."""

from typing import get_args

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from barenet import load_dataset
from barenet._metrics import METRICS, Name, main_metric
from barenet.data._target import class_weights
from barenet.errors import ArgumentError

RARE = np.array([0, 0, 0, 1])


@pytest.mark.parametrize(
    ("given", "y", "classes", "expected"),
    [
        (None, np.array([0, 0, 1]), ("a", "b"), "accuracy"),
        (None, RARE, ("a", "b"), "auc"),
        (None, RARE, ("a", "b", "c"), "balanced_accuracy"),
        ("f1", RARE, ("a", "b"), "f1"),
        (None, np.array([1.0, 1.0]), None, "r2"),
        ("mae", np.array([1.0, 2.0]), None, "mae"),
        (None, np.zeros(9, int), ("a", "b"), "accuracy"),  # of which there is no AUC
        (None, np.array([1.0]), None, "rmse"),  # nor R² of one row
    ],
)
def test_the_metric_fits_the_target(given, y, classes, expected):
    metric = main_metric(given, y, classes)
    assert metric.name == expected
    assert bool(metric.reason) == (given is None and y is RARE)


def test_a_share_is_not_rounded_up_to_all_rows():
    y = np.array([1] + [0] * 1999)
    assert main_metric(None, y, ("a", "b")).reason == "more than 99 % of the rows are of class 'a'"


def test_metrics_of_the_other_task_are_refused():
    assert get_args(Name) == (*METRICS,)
    with pytest.raises(ArgumentError, match=r"rmse is not a metric of classes; expected accuracy"):
        main_metric("rmse", RARE, ("a", "b"))
    with pytest.raises(ArgumentError, match=r"auc is not a metric of numbers; expected r2"):
        main_metric("auc", np.ones(3), None)


def test_weights_of_classes():
    rows = load_dataset("iris").take(np.r_[0:50, 50:60, 100:120])
    expected = compute_class_weight("balanced", classes=np.unique(rows.y), y=rows.y)
    np.testing.assert_allclose(class_weights(["balanced"], rows), expected)
    np.testing.assert_array_equal(class_weights(["virginica=2.5"], rows), [1, 1, 2.5])
    without = rows.take(np.flatnonzero(rows.y < 2))
    assert np.isfinite(class_weights(["balanced"], without)).all()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (["rose=1"], "unknown 'rose' "),
        (
            ["setosa"],
            "expected balanced, or classes with weights such as virginica=5, got 'setosa'",
        ),
        (["setosa=x"], "expected balanced, or classes with weights"),
        (["balanced", "setosa=1"], "expected balanced, or classes with weights"),
        (["setosa=-1"], "setosa: expected a number of 0 or more"),
        (["setosa=nan"], "setosa: expected a number of 0 or more"),
        (["setosa=0", "versicolor=0", "virginica=0"], "expected a weight above 0"),
    ],
)
def test_wrong_weights_are_refused(spec, message):
    with pytest.raises(ArgumentError, match=f"^class_weight: {message}"):
        class_weights(spec, load_dataset("iris"))

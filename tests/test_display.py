"""Displays of notebooks: well-formed, escaped, and with the numbers of what they show."""

import math
import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.datasets import load_iris

from barenet import (
    ModelCard,
    Network,
    Predictor,
    Scaling,
    Task,
    check_gradients,
    search,
    train,
    train_many,
)
from barenet._display import write_curves, write_table
from barenet.typing import Ensemble, History, Importance

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
STRANGE = "<b>&\nx"


def network(seed=0):
    return Network.dense([4, 8, 3], output="softmax", seed=seed)


def shown(thing) -> tuple[list[str], list[list[str]], ElementTree.Element]:
    """The paragraphs, the rows of all tables, and the parsed display."""
    root = ElementTree.fromstring(thing if isinstance(thing, str) else thing._repr_html_())
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    return ["".join(each.itertext()) for each in root.iter("p")], [r for r in rows if r], root


def test_a_network_and_an_ensemble_are_tables_of_layers():
    (title,), rows, _ = shown(network())
    assert title == "Network with 67 parameters of float32, 0.3 KiB"
    assert rows[1:] == [["dense", "relu", "4 → 8", "40"], ["dense", "softmax", "8 → 3", "27"]]
    (title,), others, _ = shown(Ensemble([network(), network(1)]))
    assert title.startswith("Ensemble of 2 networks, each with 67 parameters") and others == rows


def test_a_history_has_its_curves():
    held_out = {"validation_data": (X, Y), "test_data": (X, Y), "penalty": "l2:strength=0.1"}
    history = train(network(), X, Y, epochs=5, metrics="accuracy", **held_out)
    history.best_epoch = 3
    (title,), _, root = shown(history)
    assert title == repr(history)[1:-1]
    captions = ["".join(each.itertext()) for each in root.iter("figcaption")]
    numbers = [f"{history[name][-1]:.4g}" for name in ("loss", "validation_loss", "test_loss")]
    expected = "losstraining with penalty {}validation {}test {}┆ best epoch 3".format(*numbers)
    assert len(captions) == 2 and captions[0] == expected
    assert captions[1].startswith("accuracytraining ")
    curves = [each for each in root.iter("path") if each.get("class", "").startswith("curve")]
    assert len(curves) == 6 and all(each.get("d").count("L") == 4 for each in curves)
    assert [each.get("d")[:6] for each in root.iter("path") if each.get("class") == "best"] == [
        "M210.0"
    ] * 2


@pytest.mark.parametrize(("curve", "ticks"), [
    ([0.5, 0.1, 0.9], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ([1, 0.003], ["0.001", "0.01", "0.1", "1"]),
    ([0.5], None), ([0, 0], None), ([-3, math.nan, 3e9, math.inf], None), ([1e-300, 1e300], None),
    (list(range(10_000)), None), ([0.47542495358772874, 0.4754249535877288], None),
])  # fmt: skip
def test_curves_of_all_kinds_have_round_ticks_around_them(curve, ticks):
    root = ElementTree.fromstring(write_curves("loss", {"training": curve}))
    found = [each.text for each in root.iter("text") if each.get("class") == "tick"]
    finite = [value for value in curve if math.isfinite(value)]
    assert len(set(found)) == len(found) >= 2 and (ticks is None or found == ticks)
    assert float(found[0]) <= min(finite) and max(finite) <= float(found[-1])
    (line,) = (each for each in root.iter("path") if "curve" in each.get("class"))
    values = [float(each) for each in re.findall(r"[-\d.]+", line.get("d").replace("h0", ""))]
    assert len(values) <= 2 * 401 and all(0 <= value <= 420 for value in values)


@pytest.mark.parametrize("curve", [[1.0, 5e-324], [-1.7e308, 1.7e308]])
def test_extreme_curves_are_drawn(curve):
    assert ElementTree.fromstring(write_curves("loss", {"training": curve, "test": []})) is not None


def test_curves_without_a_finite_value_are_left_out():
    assert write_curves("loss", {"training": [math.nan]}) == ""
    assert shown(History())[0] == ["History: 0 epochs"]


def test_a_population_is_ranked():
    settings = {"epochs": [2, 9, 3, 3], "seed": [0, 1, 2, 3], "metrics": "accuracy"}
    rates = ["sgd:learning_rate=1e-9", "sgd:learning_rate=0.5", "adam", "sgd:learning_rate=1e38"]
    with warnings.catch_warnings(action="ignore"):
        result = train_many(
            [network()] + [network(i) for i in (1, 2, 3)], X, Y, optimizer=rates, **settings
        )
    _, (head, *rows), root = shown(result)
    assert head == ["network", "sizes", "optimizer", "seed", "epochs", "loss", "accuracy", "end"]
    assert rows[0][:2] == ["1", "4-8-3"] and rows[0][4] == "9" and rows[-1][-1] == "diverged"
    losses = [float(row[5]) for row in rows[:-1]]
    assert losses == sorted(losses)
    assert [each.get("style") for each in root.iter("td") if each.get("style")][
        2
    ] == "--share: 1.000"


def test_a_search_is_ranked():
    result = search({"dropout": [0.0, 0.1], "hidden": ["tanh"]}, X, Y, cv=2, epochs=2)
    _, (head, *rows), _ = shown(result)
    assert head == ["rank", "accuracy", "±", "dropout", "hidden"] and rows[0][0] == "1"
    assert [row[-2] for row in rows] in (["0", "0.1"], ["0.1", "0"])


def test_a_predictor_and_its_card_escape_their_texts():
    card = ModelCard(settings={"hidden": STRANGE}, rows={"held_out": 30})
    card = ModelCard.from_dict({**card.to_dict(), "scores": {"held_out": {"log_loss": 0.25}}})
    names = {"feature_names": (STRANGE, "b", "c", "d"), "target_name": STRANGE, "dataset": STRANGE}
    predictor = Predictor(network=network(), preprocessing=Scaling.fit("none", X),
                          classes=("a", STRANGE, "c"), card=card, **names)  # fmt: skip
    (title,), rows, _ = shown(predictor)
    assert title == "Predictor of <b>&\\nx"
    assert ["from", "4 features: <b>&\\nx, b, c, d"] in rows
    assert rows[-2:] == [["", "log loss"], ["test", "0.25"]]
    _, rows, _ = shown(card)
    assert ["hidden", "<b>&\\nx"] in rows and ["rows", "30 test rows"] in rows
    assert shown(ModelCard())[1] == []


def test_an_importance_has_bars():
    drops = np.array([[0.0, 0.1], [0.4, 0.6], [-0.1, -0.1]])
    (title,), rows, root = shown(Importance(("age", STRANGE, "noise"), "accuracy", 0.9, drops))
    assert title == "Permutation importance: 3 of 3 columns, accuracy 0.9000"
    assert rows[1] == ["<b>&\\nx", "0.5000 ± 0.1000", ""]
    shares = [each.get("style") for each in root.iter("td") if each.get("style")]
    assert shares == ["--share: 1.000", "--share: 0.100", "--share: 0.000"]


def test_a_gradient_report_is_a_table():
    report = check_gradients(network(), X[:3], Y[:3])
    (title,), (head, *rows), _ = shown(report)
    assert title == str(report).splitlines()[-1] and len(rows) == 4
    assert head[:2] == ["layer", "shape"] and rows[0][:2] == ["0 dense.weights", "4×8"]


def test_columns_of_numbers_are_aligned():
    rows = [["1.5", "3×4", ""], ["−2e+10", "4", "-1,000"]]
    _, _, root = shown(write_table(["a", "b", "c"], rows))
    assert [each.get("class") for each in root.iter("th")] == ["number", None, "number"]


@pytest.mark.case(186)
def test_the_display_of_an_ensemble_has_labels():
    history = History(
        {
            "loss": [0.9, 0.6, 0.5],
            "out_of_fold_loss": [math.nan, 0.7, 0.8],
            "out_of_fold_accuracy": [math.nan, 0.8, 0.7],
        },
        best_epoch=2,
    )
    _, _, root = shown(history)
    captions = ["".join(each.itertext()) for each in root.iter("figcaption")]
    assert captions == [
        "losstraining 0.5out-of-fold 0.8┆ best epoch 2",
        "accuracyout-of-fold 0.7┆ best epoch 2",
    ]
    scores = {"out_of_fold_at_temperature_1": {"accuracy": 0.8}}
    _, rows, _ = shown(ModelCard(scores=scores))
    assert ["out of fold, without temperature scaling", "0.8"] in rows


@pytest.mark.case(186)
def test_a_task_is_shown_without_brackets():
    task = Task.open({"a": np.arange(60.0), "y": np.arange(60.0)}, "y")
    (title,), _, _ = shown(task)
    assert title == repr(task)[1:-1]
    assert title.startswith("Task: y, a number, from 1 column")

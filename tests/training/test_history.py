"""History: what goes in comes out, and survives the way through a file."""

import copy
import json
import pickle
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.typing import History

numbers = st.floats(allow_nan=False, allow_infinity=False)


def test_the_history_has_a_curve_per_quantity():
    history = History(engine="reference", seed=3)
    history.append({"loss": 2.0, "validation_loss": 2.5})
    history.append({"loss": 1.0, "validation_loss": 1.5})
    assert history.loss == [2.0, 1.0] and history.validation_loss == [2.5, 1.5]
    copied = history.to_dict()
    assert copied == {"loss": [2.0, 1.0], "validation_loss": [2.5, 1.5]}
    copied["loss"].append(0.0)
    assert history.last() == {"loss": 1.0, "validation_loss": 1.5}
    assert len(history) == 2
    assert repr(history) == "<History: 2 epochs, loss 2 → 1>"
    assert (History().loss, History().last(), repr(History())) == ([], {}, "<History: 0 epochs>")


@given(st.lists(st.tuples(numbers, numbers)))
def test_json_lines_round_trip(rows):
    history = History()
    for loss, seconds in rows:
        history.append({"loss": loss, "seconds": seconds})
    text = history.to_jsonl()
    assert History.from_jsonl(text).curves == history.curves
    epochs = [json.loads(line)["epoch"] for line in text.splitlines()]
    assert epochs == [*range(1, len(rows) + 1)]


def test_an_unknown_curve_lists_the_known_ones():
    with pytest.raises(KeyError, match="'accuracy' was not measured; there are loss"):
        History({"loss": [1.0]})["accuracy"]


@pytest.mark.promise(10)
@pytest.mark.parametrize(("lines", "message"), [
    ("[1]", "line 1: expected an epoch with its numbers, got"),
    ('{"loss": 1}', "line 1: expected an epoch with its numbers, got"),
    ('{"epoch": 0, "loss": "1"}', "line 1: loss: expected a number, got '1'"),
    ('{"epoch": 0, "loss": Infinity}', "line 1: loss: expected a number, got inf"),
    ('{"epoch": 0, "loss": 1}\n{"epoch": 1, "lost": 1}', "line 2: expected the curves loss, got"),
    ('{"epoch": 0, "loss": 1}\n{"epoch": 1, ', "line 2: "),
])  # fmt: skip
def test_invalid_lines_are_refused_with_their_number(lines, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        History.from_jsonl(lines)


def test_non_finite_numbers_are_read_as_nan():
    assert np.isnan(History.from_jsonl('{"epoch": 0, "loss": null}').loss[0])


@pytest.mark.case(175)
def test_curves_have_the_names_of_other_libraries():
    curves = {"loss": [1.0], "accuracy": [0.5], "rmse": [4.0], "learning_rate": [0.1]}
    curves |= {"validation_loss": [2.0], "validation_accuracy": [0.25], "test_auc": [0.75]}
    history = History(curves)
    for name, value in {
        "acc": 0.5, "val_loss": 2.0, "val_acc": 0.25, "validation_acc": 0.25,
        "root_mean_squared_error": 4.0, "test_roc_auc": 0.75, "Accuracy": 0.5,
    }.items():  # fmt: skip
        assert history[name] == [value] and name in history
    for name in ("val_auc", "test_loss", "validation", 0):
        assert name not in history
    with pytest.raises(KeyError, match=r"'val_auc' was not measured; there are loss, accuracy, "):
        history["val_auc"]
    with pytest.raises(KeyError, match="did you mean 'loss'"):
        history["los"]


@pytest.mark.case(231)
def test_a_history_is_a_dictionary_of_its_curves():
    curves = {"loss": [1.0, 0.5, 0.25], "validation_loss": [2.0, 1.0, 1.5]}
    history = History(curves, "reference", 7, best_epoch=2)
    assert dict(history) == curves == {**history} == history.curves
    assert list(history) == [*history.keys()] == ["loss", "validation_loss"]
    assert [*history.items()] == [*curves.items()] and [*history.values()] == [*curves.values()]
    assert dict(**history) == curves
    assert json.loads(json.dumps(history)) == curves
    assert isinstance(history, Mapping) and len(history.keys()) == len(history.curves) == 2
    assert "loss" in history and "val_loss" in history and "epoch" not in history
    assert history.get("val_loss") == [2.0, 1.0, 1.5]
    assert history.get("auc") is None and history.get("auc", []) == []
    assert len(history) == 3 and history and not History()


@pytest.mark.case(231)
def test_pandas_takes_a_history():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(History({"loss": [1.0, 0.5, 0.25], "accuracy": [0.1, 0.2, 0.3]}))
    assert list(frame) == ["loss", "accuracy"] and frame["loss"].tolist() == [1.0, 0.5, 0.25]


@pytest.mark.case(231)
@pytest.mark.parametrize("key", [0, -1, None, 1.5, slice(3), ["loss"], ("loss", 0)])
def test_other_keys_than_names_list_the_curves(key):
    with pytest.raises(KeyError, match="there are loss, accuracy"):
        History({"loss": [1.0], "accuracy": [0.5]})[key]


@pytest.mark.case(231)
@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))]
)
def test_a_copy_has_all_of_a_history(make):
    history = History({"loss": [1.0, 0.5]}, "reference", 7, "completed", 2, True, True)
    copied = make(history)
    assert type(copied) is History and copied == history
    assert vars(copied) == vars(history) and len(vars(copied)) == 6

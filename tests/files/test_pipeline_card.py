"""Cards of fitted estimators: what is on them is true, and what is not known is not on them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from barenet import (
    MLPClassifier,
    MLPRegressor,
    Predictor,
    TablePreprocessor,
    fingerprint,
    load_dataset,
    save,
)
from barenet.cli._main import main
from barenet.optimizers import Adam

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 3
QUICK = {"hidden_layer_sizes": 4, "max_iter": 5, "random_state": 7}


def card_of(model, *rows, **more):
    return Predictor.from_estimator(model, *rows, **more).card


def test_a_card_tells_settings_history_and_rows():
    names = np.array(["c", "a", "b"])[Y]
    model = MLPClassifier(**QUICK, optimizer=Adam(0.5), class_weight={"a": 2.0}).fit(X, names)
    card = card_of(model, X, names, scores={"held_out": {"accuracy": 0.5}})
    assert card.settings["estimator"] == "MLPClassifier"
    assert card.settings["random_state"] == 7 and card.settings["hidden_layer_sizes"] == 4
    assert card.settings["optimizer"] == "adam:learning_rate=0.5"
    assert card.settings["class_weight"] == "{'a': 2.0}"
    assert not {"callbacks", "threads", "verbose", "scoring"} & card.settings.keys()
    assert card.rows == {"training": 60} and card.scores == {"held_out": {"accuracy": 0.5}}
    assert card.log.n_epochs == 5
    assert card.log.curves["loss"] == pytest.approx(model.loss_curve_, 1e-5)
    assert card.data_fingerprint == fingerprint(X, np.array([2, 0, 1])[Y])
    assert "barenet" in card.versions
    json.dumps(card.to_dict(), allow_nan=False)


def test_the_score_of_the_validation_rows_is_that_of_the_network():
    held_out = RNG.normal(size=(20, 3)), np.arange(20) % 3
    settings = {**QUICK, "max_iter": 30, "early_stopping": True}
    model = MLPClassifier(**settings).fit(X, Y, validation_data=held_out)
    card = card_of(model, X, Y)
    assert card.rows == {"training": 60, "validation": 20}
    expected = accuracy_score(held_out[1], model.predict(held_out[0]))
    assert card.scores["validation"]["accuracy"] == pytest.approx(expected)
    of_its_own = MLPClassifier(**settings).fit(X, Y)
    assert card_of(of_its_own, X, Y).rows == {"training": 54, "validation": 6}


def test_of_several_fits_there_is_no_history():
    model = MLPRegressor(**QUICK).partial_fit(X, X[:, 0]).partial_fit(X[:20], X[:20, 0])
    card = card_of(model, X, X[:, 0])
    assert card.log is None and card.rows == {} and card.versions
    assert card.data_fingerprint == fingerprint(X, X[:, 0])


TABLES = {
    "numbers": (MLPClassifier, pd.DataFrame({"a": Y * 2, "b": X[:, 0], "y": Y})),
    "words": (
        lambda **options: make_pipeline(TablePreprocessor(), MLPClassifier(**options)),
        pd.DataFrame({"a": np.array(["u", "v", "w"])[Y], "b": X[:, 0], "y": Y}),
    ),
    "float32": (MLPRegressor, pd.DataFrame({"a": X[:, 0], "y": X[:, 1]}).astype("float32")),
}


@pytest.mark.parametrize(("kind", "table"), TABLES.values(), ids=TABLES)
def test_the_fingerprint_is_that_of_the_rows_in_a_file(tmp_path, kind, table):
    table.to_csv(tmp_path / "rows.csv", index=False)
    data = load_dataset(str(tmp_path / "rows.csv"), target="y")
    rows, y = table.drop(columns="y"), table["y"]
    card = card_of(kind(**QUICK).fit(rows, y), rows, y)
    assert card.data_fingerprint == fingerprint(data.X, data.y)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_of_every_kind_are_known_again(tmp_path, capfd, suffix):
    table = pd.DataFrame(
        {
            "truth": Y > 1,
            "perhaps": pd.array([True, False, None] * 20, "boolean"),
            "day": pd.to_datetime("2026-03-01") + pd.to_timedelta(Y, "D"),
            "town": np.array([" Rome", "Oslo ", "Bonn"])[Y],
            "y": np.where(X[:, 1] > 0, "yes", "no"),
        }
    )
    rows, y = table.drop(columns="y"), table["y"]
    model = make_pipeline(TablePreprocessor(), MLPClassifier(**QUICK)).fit(rows, y)
    save(Predictor.from_estimator(model, rows, y), tmp_path / "model.safetensors")
    path = tmp_path / f"rows.{suffix}"
    getattr(table, f"to_{suffix}")(path, index=False)
    assert main(["evaluate", str(tmp_path / "model.safetensors"), str(path)]) == 0
    assert "trained on exactly these rows" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((X,), "X, y: expected both"),
        ((X[:50], Y[:50]), "y: 50 rows, and the model was trained on 60"),
        ((X, Y + 1), "y: 3 is not among the classes"),
        ((X[:50], Y), r"X: expected shape \(60, 3\), got \(50, 3\)"),
        ((X[:, :2], Y), "X: expected shape"),
        ((csr_array(X), Y), r"X: a sparse matrix has no fingerprint; use X.toarray\(\)"),
    ],
)
def test_other_rows_are_refused(rows, why):
    with pytest.raises(ValueError, match=f"^{why}"):
        card_of(MLPClassifier(**QUICK).fit(X, Y), *rows)


@pytest.mark.parametrize("scores", [3, {"held_out": 0.5}])
def test_scores_that_are_none_are_refused(scores):
    with pytest.raises(ValueError, match=r"^scores: .*expected values by names, got"):
        card_of(MLPClassifier(**QUICK).fit(X, Y), scores=scores)

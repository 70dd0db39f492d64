from __future__ import annotations

import numpy as np

from barenet import load_predictor
from barenet.cli.report import confusion_matrix, score, show_confusion, show_scores
from barenet.data import load_dataset


def test_the_confusion_matrix_is_scikit_learns(iris):
    from sklearn.metrics import confusion_matrix as oracle

    predictor, rows = load_predictor(iris / "model.safetensors"), load_dataset("iris")
    said = np.searchsorted(predictor.classes, predictor.predict(rows.X))
    np.testing.assert_array_equal(confusion_matrix(predictor, rows), oracle(rows.y, said))


def test_scores_are_scikit_learns(iris):
    from sklearn.metrics import accuracy_score, log_loss

    predictor, rows = load_predictor(iris / "model.safetensors"), load_dataset("iris")
    scores = score(predictor, rows, None)
    shares = predictor.probabilities(rows.X).astype(float)
    expected = log_loss(rows.y, shares / shares.sum(axis=1, keepdims=True))
    assert abs(scores["loss"] - expected) < 1e-5
    assert scores["accuracy"] == accuracy_score(rows.y, shares.argmax(axis=1))


def test_scores_stand_under_their_names(capsys):
    scores = {"loss": 0.123456789, "r2": 0.5, "rmse": 1e-9, "mae": 2.0}
    show_scores([("network", "5 test rows", scores)], "huber:delta=2.0")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["rows", "R²", "RMSE", "MAE", "huber"],
        ["network", "5", "test", "rows", "0.5000", "1e-09", "2", "0.12346"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_long_names_are_numbered(capsys):
    names = tuple(f"a class with the number {number}" for number in range(6))
    show_confusion(np.eye(6, dtype=int), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == list("012345")
    assert lines[2].startswith("0 a class with the number 0  1")
    assert max(map(len, lines)) < 80


def test_too_many_classes_are_left_out(capsys):
    show_confusion(np.eye(21, dtype=int), tuple(map(str, range(21))))
    assert capsys.readouterr().out == "(no confusion matrix: it would have 21 columns)\n"

"""Commands that take the model file of a run take that of an ensemble, too."""

from dataclasses import replace

import numpy as np
import pytest

from barenet import Ensemble, load_predictor, permutation_importance, save
from barenet.data import load_dataset


@pytest.fixture
def several(iris, tmp_path):
    """A model file of three networks for the Iris data set."""
    predictor = load_predictor(iris / "model.safetensors")
    members = [predictor.network.copy() for _ in range(3)]
    for factor, network in zip((1, 0.5, -0.1), members, strict=True):
        network.parameters *= factor
    path = tmp_path / "several.safetensors"
    save(replace(predictor, network=Ensemble(members, [3, 2, 1])), path)
    return path


def test_info_counts_the_networks(barenet, several):
    words = barenet("info", several).words
    assert "3 such networks, 201 parameters" in words
    document = barenet("info", several, "--json").json
    assert document["networks"] == 3 and document["n_parameters"] == 201
    assert document["weights"] == pytest.approx([1 / 2, 1 / 3, 1 / 6])


def test_evaluate_measures_the_mean(barenet, several):
    document = barenet("evaluate", several, "iris", "--rows", "all", "--json").json
    data, predictor = load_dataset("iris"), load_predictor(several)
    probabilities = predictor.probabilities(data.X).astype(float)
    right = probabilities.argmax(axis=1) == data.y
    assert document["metrics"]["accuracy"] == pytest.approx(right.mean())
    own = np.log(probabilities[np.arange(150), data.y])
    assert document["metrics"]["loss"] == pytest.approx(-own.mean(), rel=1e-6)
    assert np.trace(document["confusion_matrix"]) == right.sum()


def test_importance_predict_and_export_take_the_mean(barenet, several, tmp_path):
    data, predictor = load_dataset("iris"), load_predictor(several)
    result = permutation_importance(predictor, data.X, data.y)
    words = barenet("importance", several, "iris", "--rows", "all").words
    assert all(name in words for name in data.feature_names)
    assert f"{result.mean.max():.4f}" in words
    rows = barenet("predict", several, "iris").ok().rows
    assert [row["prediction"] for row in rows] == predictor.predict(data.X).tolist()
    barenet("export", several, "--out", tmp_path / "mean.py").ok()
    module = {"__name__": "mean"}
    exec((tmp_path / "mean.py").read_text(), module)
    found = module["probabilities"](data.X)
    np.testing.assert_allclose(found, predictor.probabilities(data.X), atol=1e-6)


def test_explain_takes_the_first_network(barenet, several, iris):
    lines = barenet("explain", several, "iris", "--row", 7).ok().words
    assert "the first of 3 networks" in lines
    first = barenet("explain", iris, "iris", "--row", 7).words
    assert lines.replace(" · the first of 3 networks", "").split()[-40:] == first.split()[-40:]

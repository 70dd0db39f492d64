"""The preparation of an ensemble's training, whose first networks confirm the chosen inputs."""

import numpy as np
import pytest

from barenet.population import _prepared_training
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.tables._chosen_inputs import ChosenInputs, choose_inputs

ONE_REPEAT = EnsembleRecipe().folds


def clusters(as_text=False):
    """A number of each cluster, whose rows have the same x; the target is a function of x alone.

    A ridge regression can't express that function, but the mean of the other rows of a cluster.
    """
    rng = np.random.default_rng(11)
    n_clusters = 500
    cluster = rng.integers(0, n_clusters, 1_500)
    x = rng.uniform(-2, 2, size=(n_clusters, 2))[cluster]
    codes = rng.permutation(9_000)[:n_clusters][cluster]
    y = np.sin(2 * x[:, 0]) * x[:, 1] + 0.3 * rng.normal(size=len(cluster))
    table = {"first": x[:, 0], "second": x[:, 1], "code": codes}
    if as_text:
        table["code"] = np.array([f"code {code}" for code in codes], object)
    return table, y


def households(n_rows=1_500):
    """A number of each household, which the target depends on."""
    rng = np.random.default_rng(3)
    household = rng.integers(0, 130, n_rows)
    y = rng.normal(size=130)[household] + 0.3 * rng.normal(size=n_rows)
    return {"household": household * 7 + 3, "x": rng.normal(size=n_rows)}, y


@pytest.fixture
def trials(monkeypatch):
    """The numbers of networks that are trained in a preparation."""
    numbers = []
    run = EnsembleTraining.run

    def counted(training, *arguments, **options):
        numbers.append(len(training.networks))
        return run(training, *arguments, **options)

    monkeypatch.setattr(EnsembleTraining, "run", counted)
    return numbers


@pytest.mark.parametrize("as_text", [False, True])
def test_networks_reject_categories_that_repeat_what_other_columns_express(as_text, trials):
    table, y = clusters(as_text)
    chosen = choose_inputs(table, y[:, np.newaxis], np.ones(len(y)))
    assert [*chosen.codes, *chosen.rare] == ["code"], "the regression chooses them"
    prepared = prepare_ensemble_training(table, y)
    assert prepared.chosen == ChosenInputs({}, {}, {})
    assert trials == [ONE_REPEAT, ONE_REPEAT]


def test_networks_confirm_codes_that_predict_the_target(trials):
    table, y = households(n_rows=1_000)
    prepared = prepare_ensemble_training(table, y)
    assert len(prepared.chosen.codes["household"]) == 130
    assert trials == [ONE_REPEAT, ONE_REPEAT]
    assert len(prepared.training.networks) == 4 * ONE_REPEAT


def test_nothing_is_trained_where_there_is_nothing_to_compare(trials, monkeypatch):
    table, y = households(n_rows=1_000)
    prepare_ensemble_training({"x": table["x"]}, y)
    assert trials == []
    enough, y_of_enough = households(n_rows=3_000)
    prepared = prepare_ensemble_training(enough, y_of_enough)
    assert trials == []
    assert "household" in prepared.chosen.codes, "each number is in 23 rows on average"
    monkeypatch.setattr(_prepared_training, "MOST_ROWS_OF_TRIAL", len(y) - 1)
    prepared = prepare_ensemble_training(table, y)
    assert trials == []
    assert "household" in prepared.chosen.codes, "the regression alone decides"


def test_ctrl_c_while_inputs_are_compared_ends_the_fit(monkeypatch):
    def interrupt(training, epoch, population):
        raise KeyboardInterrupt

    table, y = households(n_rows=1_000)
    monkeypatch.setattr(EnsembleTraining, "_check", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prepare_ensemble_training(table, y)

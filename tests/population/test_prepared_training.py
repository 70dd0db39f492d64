"""The preparation of an ensemble's training, whose first networks confirm the chosen inputs."""

from dataclasses import replace

import numpy as np
import pandas
import pytest

from barenet import Task
from barenet.errors import DivergenceError
from barenet.inputs._chosen_inputs import ChosenInputs, choose_inputs
from barenet.inputs._chosen_pairs import PairSide
from barenet.population import _prepared_training
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._prepared_training import TrainingTable, prepare_ensemble_training
from barenet.tables.frames._to_frame import as_frame

pytestmark = pytest.mark.usefixtures("small_ensembles")

#: The networks that confirm inputs, one for each half of the rows.
BOTH_HALVES = 2


def clusters():
    """A number of each cluster, whose rows have the same x; the target is a function of x alone.

    A ridge regression can't express that function, but the mean of the other rows of a cluster.
    """
    rng = np.random.default_rng(11)
    n_clusters = 500
    cluster = rng.integers(0, n_clusters, 1_500)
    x = rng.uniform(-2, 2, size=(n_clusters, 2))[cluster]
    codes = rng.permutation(9_000)[:n_clusters][cluster]
    y = np.sin(2 * x[:, 0]) * x[:, 1] + 0.3 * rng.normal(size=len(cluster))
    return {"first": x[:, 0], "second": x[:, 1], "code": codes}, y


def households(n_rows=1_500):
    """A number of each household, which the target depends on."""
    rng = np.random.default_rng(3)
    household = rng.integers(0, 130, n_rows)
    y = rng.normal(size=130)[household] + 0.3 * rng.normal(size=n_rows)
    return {"household": household * 7 + 3, "x": rng.normal(size=n_rows)}, y


def matches(n_rows=1_500):
    """Matches of 20 teams, whose strength is another one in each of 5 seasons."""
    rng = np.random.default_rng(3)
    strength = rng.normal(size=(20, 5))
    home = rng.integers(0, 20, n_rows)
    guest = (home + rng.integers(1, 20, n_rows)) % 20
    season = rng.integers(0, 5, n_rows)
    y = strength[home, season] - strength[guest, season] + 0.5 * rng.normal(size=n_rows)
    table = {
        "home": np.array([f"team {code}" for code in home], object),
        "guest": np.array([f"team {code}" for code in guest], object),
        "season": 2001.0 + season,
    }
    return table, y


@pytest.fixture
def trained(monkeypatch):
    """The numbers of networks that are trained in a preparation."""
    numbers = []
    run = EnsembleTraining.run

    def counted(training, *arguments, **options):
        numbers.append(len(training.networks))
        return run(training, *arguments, **options)

    monkeypatch.setattr(EnsembleTraining, "run", counted)
    return numbers


def test_networks_reject_categories_that_repeat_what_other_columns_express(trained):
    table, y = clusters()
    chosen = choose_inputs(table, y[:, np.newaxis], np.ones(len(y)))
    assert [*chosen.codes, *chosen.rare] == ["code"], "the regression chooses them"
    prepared = prepare_ensemble_training(table, y)
    assert prepared.chosen == ChosenInputs({}, {}, {}, {})
    assert trained == [BOTH_HALVES]


def test_networks_confirm_codes_that_predict_the_target(trained):
    table, y = households(n_rows=1_000)
    prepared = prepare_ensemble_training(table, y)
    assert len(prepared.chosen.codes["household"]) == 130
    assert trained == [BOTH_HALVES]
    assert len(prepared.training.networks) == EnsembleRecipe().folds


def test_nothing_is_trained_where_there_is_nothing_to_confirm(trained, monkeypatch):
    table, y = households(n_rows=1_000)
    prepare_ensemble_training({"x": table["x"]}, y)
    assert trained == []
    monkeypatch.setattr(_prepared_training, "MOST_ROWS_OF_CONFIRMATION", len(y) - 1)
    prepared = prepare_ensemble_training(table, y)
    assert trained == []
    assert "household" in prepared.chosen.codes, "the regression alone decides"


def test_networks_confirm_pairs_of_categories_that_matter_together(trained):
    table, y = matches()
    prepared = prepare_ensemble_training(table, y)
    season = PairSide("season")
    pairs = {(PairSide("home"), season), (PairSide("guest"), season)}
    assert set(prepared.chosen.pairs) == pairs
    assert [len(pairs.pairs) for pairs in prepared.encoding.pairs] == [100, 100]
    assert prepared.encoding.n_pairs == 200
    assert trained == [BOTH_HALVES]


def test_networks_reject_pairs_of_categories_that_they_learn_by_themselves(trained):
    """The target is the larger of two effects, which the sum of two effects can't express."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 12, (2, 1_200))
    effects = rng.normal(size=(2, 12))
    y = np.maximum(effects[0, codes[0]], effects[1, codes[1]]) + 0.3 * rng.normal(size=1_200)
    table = {}
    for name, row_codes in zip(("first", "second"), codes, strict=True):
        table[name] = np.array([f"c{code}" for code in row_codes], object)
    chosen = choose_inputs(table, y[:, np.newaxis], np.ones(len(y)))
    assert chosen.pairs == ((PairSide("first"), PairSide("second")),), "the regression proposes it"
    prepared = prepare_ensemble_training(table, y)
    assert prepared.chosen.pairs == ()
    assert prepared.encoding.pairs == ()
    assert trained == [BOTH_HALVES]


def test_pairs_of_many_rows_are_confirmed_with_some_of_them(monkeypatch):
    monkeypatch.setattr(_prepared_training, "MOST_ROWS_OF_CONFIRMATION", 900)
    rows_of_samples = []
    sampled = TrainingTable.sampled

    def counted(training_table, most):
        sample = sampled(training_table, most)
        rows_of_samples.append(len(sample.y))
        return sample

    monkeypatch.setattr(TrainingTable, "sampled", counted)
    table, y = matches()
    prepared = prepare_ensemble_training(as_frame(table), y, groups=np.arange(len(y)))
    assert len(prepared.chosen.pairs) == 2
    assert rows_of_samples == [900]


def test_networks_that_confirm_use_as_many_threads_as_the_training(monkeypatch):
    numbers_of_threads = []
    run = EnsembleTraining.run

    def recorded(training, threads=None, *arguments, **options):
        numbers_of_threads.append(threads)
        return run(training, threads, *arguments, **options)

    monkeypatch.setattr(EnsembleTraining, "run", recorded)
    table, y = matches()
    task = Task.open(pandas.DataFrame(table).assign(goals=y), "goals")
    task.train(threads=1, model="ensemble", epochs=1)
    assert numbers_of_threads == [1, 1], "the networks of both halves, and the ensemble"


@pytest.mark.filterwarnings("ignore:.* networks failed")
def test_networks_that_diverge_confirm_nothing(monkeypatch):
    run = EnsembleTraining.run

    def diverge(training, *arguments, **options):
        training.recipe = replace(training.recipe, optimizer="sgd:learning_rate=1e30")
        return run(training, *arguments, **options)

    table, y = households(n_rows=1_000)
    monkeypatch.setattr(EnsembleTraining, "run", diverge)
    prepared = prepare_ensemble_training(table, y)
    assert "household" not in prepared.chosen.codes
    with pytest.raises(DivergenceError):
        prepared.training.run()


def test_ctrl_c_while_inputs_are_confirmed_ends_the_fit(monkeypatch):
    def interrupt(training, epoch, population):
        raise KeyboardInterrupt

    table, y = households(n_rows=1_000)
    monkeypatch.setattr(EnsembleTraining, "_check", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prepare_ensemble_training(table, y)

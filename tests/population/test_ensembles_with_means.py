"""Ensembles whose networks have the mean target of the other rows of a group."""

import runpy
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from barenet import Checkpoint, MLPEnsembleClassifier, Predictor, Task, export, load, save
from barenet.datasets._target_kind import TargetKind
from barenet.inputs import _chosen_inputs
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._chosen_pairs import PairSide
from barenet.population import _input_trials
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._folded_means import fold_means
from barenet.population._number_loss import SQUARED_ERROR
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.population._training_table import TrainingTable
from barenet.tasks._fit import note_on_inputs

pandas = pytest.importorskip("pandas")

pytestmark = pytest.mark.usefixtures("small_ensembles")

GROUP = (PairSide("day"), PairSide("place"))
MEANS = ChosenInputs({}, {}, {}, {}, means=(GROUP,))
RECIPE = EnsembleRecipe(hidden=(8,), folds=3, repeats=2, epochs=6)


def matches(n_rows=1_200, seed=0):
    """Two rows of each match, of which one has won, in random order."""
    rng = np.random.default_rng(seed)
    match = rng.permutation(40 * 25)[: n_rows // 2].repeat(2)
    strength = rng.normal(size=n_rows)
    difference = strength[::2] - strength[1::2] + rng.logistic(size=n_rows // 2)
    y = (difference.repeat(2) > 0) == (np.arange(n_rows) % 2 == 0)
    order = rng.permutation(n_rows)
    place = np.array([f"place {code}" for code in match % 25], object)
    table = {"day": match // 25 + 0.0, "place": place, "strength": strength}
    return {name: values[order] for name, values in table.items()}, y[order].astype(np.intp)


def rows_of(table, rows):
    return {name: values[rows] for name, values in table.items()}


def prepared_for(y, table, recipe=RECIPE, chosen=MEANS):
    """The training of few small networks with means."""
    target_kind = TargetKind(n_classes=2) if y.ndim == 1 else TargetKind(n_numbers=1)
    training_table = TrainingTable(
        X=table,
        y=y,
        y_for_encoding=y,
        weight=np.ones(len(y)),
        target_kind=target_kind,
        number_loss=SQUARED_ERROR,
        scaling=None,
        seed=3,
        rare=None,
        engine="auto",
        columns={},
        groups=None,
    )
    return training_table.prepare(chosen, recipe)


@pytest.mark.integration
def test_the_other_row_of_a_match_decides(monkeypatch):
    table, y = matches(2_000)
    new_rows, y_new = rows_of(table, slice(1_500, None)), y[1_500:]
    table, y = rows_of(table, slice(1_500)), y[:1_500]
    model = MLPEnsembleClassifier(random_state=0).fit(table, y)
    monkeypatch.setattr(_chosen_inputs, "choose_means", lambda *arguments: ())
    without = MLPEnsembleClassifier(random_state=0).fit(table, y)
    loss, loss_without = (
        log_loss(y_new, each.predict_proba(new_rows)) for each in (model, without)
    )
    assert loss < 0.45 * loss_without
    assert abs(model.out_of_fold_score_ - model.score(new_rows, y_new)) < 0.05
    assert Predictor.from_estimator(model).card.group_means == ({"day": "", "place": ""},)
    assert Predictor.from_estimator(without).card.group_means == ()
    others = {**new_rows, "place": np.full(len(y_new), "elsewhere")}
    alone = log_loss(y_new, model.predict_proba(others))
    assert alone < 1.15 * loss_without, "new groups are predicted almost as without means"


def test_a_row_that_is_left_out_is_predicted_as_a_new_row():
    """Its network is folded with the means of all other rows, and takes encoded rows then."""
    table, y = matches(300)
    prepared = prepared_for(y[:, np.newaxis] - 0.5, table, replace(RECIPE, repeats=1))
    training = prepared.training
    training.run(progress=False)
    means = training.means
    n_inputs = prepared.encoding.n_inputs
    assert training.networks[0].n_inputs == n_inputs + 2
    assert training.ensemble().n_inputs == training.untrained_ensemble().n_inputs == n_inputs
    X = prepared.encoding.transform(table, np.float32)
    for index, left_out in enumerate(training.left_out):
        network = training.networks[index].copy()
        network.parameters[...] = training.best.parameters[index]
        network.layers[0].weights[:n_inputs] *= training.factors[index][:, np.newaxis]
        for row in left_out[:20]:
            means.sample.weight[row] = 0
            folded = fold_means(network, means.of_inputs())
            means.sample.weight[row] = 1
            predicted = training.best.predictions[row]
            np.testing.assert_allclose(folded.predict(X[[row]])[0], predicted, rtol=0, atol=2e-6)
    assert np.ptp(training.best.predictions) > 0.5


def test_the_inputs_of_groups_have_only_the_means_as_weights():
    """What a network learns of a single group would leak the sum of its targets."""
    table, y = matches(300)
    prepared = prepared_for(y, table)
    prepared.training.run(progress=False)
    n_pairs = prepared.encoding.n_pairs
    of_inputs = prepared.training.means.of_inputs()[-n_pairs:]
    for network in prepared.training.ensemble().networks:
        weights = network.layers[0].weights[-n_pairs:].astype(float)
        solution, *_ = np.linalg.lstsq(of_inputs, weights, rcond=None)
        np.testing.assert_allclose(of_inputs @ solution, weights, rtol=0, atol=1e-6)


@pytest.mark.integration
def test_predictors_and_exports_need_no_means(tmp_path):
    table, y = matches(400)
    frame = pandas.DataFrame(table).assign(won=np.where(y == 1, "yes", "no"))
    task = Task.open(frame, "won", test_size=0.25)
    predictor = task.train(threads=1, seed=0)
    rows = task.test.X
    save(predictor, tmp_path / "m.safetensors")
    expected = predictor.predict_proba(rows)
    again = load(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict_proba(rows), expected)
    assert again.card.group_means == ({"day": "", "place": ""},)
    assert again.description()["group means"].endswith("with the same 'day' and 'place'")
    assert log_loss(task.test.y, expected) < 0.5, "the means are part of the weights"
    export(predictor, tmp_path / "m.py")
    module = runpy.run_path(str(tmp_path / "m.py"))
    columns = [rows.columns[name] for name in predictor.feature_names]
    exported = module["probabilities"]([list(row) for row in zip(*columns, strict=True)])
    np.testing.assert_allclose(exported, expected, rtol=0, atol=2e-6)


def test_the_note_of_a_run_names_the_groups():
    note = note_on_inputs(ChosenInputs({}, {}, {}, {}, means=(GROUP, (PairSide("team"),))), {})
    ending = ", chosen by the error on rows that are left out\n"
    start = "an input is the mean target of the other rows with the same "
    choices = f"{start}'day' and 'place'{ending}{start}'team'{ending}"
    of_training = "after the training, each training row is part of these means, so the scores "
    assert note == f"{choices}{of_training}on the training rows are not those of new rows\n\n"


def test_means_of_groups_are_compared_with_all_rows_alone(monkeypatch):
    table, y = matches(600)
    prepared = prepare_ensemble_training(table, y, TargetKind(n_classes=2))
    assert prepared.chosen.means == (GROUP,)
    monkeypatch.setattr(_input_trials, "MOST_ROWS_OF_TRIALS", 500)
    prepared = prepare_ensemble_training(table, y, TargetKind(n_classes=2))
    assert prepared.chosen.means == ()


@pytest.mark.integration
def test_monotonic_columns_have_no_groups():
    table, y = matches(600)
    kind = TargetKind(n_classes=2)
    prepared = prepare_ensemble_training(table, y, kind, monotonic={"strength": 1})
    assert prepared.chosen.means == (GROUP,)
    training = prepared.training
    training.run(progress=False)
    higher = {**table, "strength": table["strength"] + 1}
    before, after = (
        training.ensemble().predict(prepared.encoding.transform(rows, np.float32))[:, 1]
        for rows in (table, higher)
    )
    assert (after >= before).all() and (after > before).any()
    prepared = prepare_ensemble_training(table, y, kind, monotonic={"day": 1})
    assert prepared.chosen.means == ()


def test_networks_reject_means_of_cells_whose_effects_add_up():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 20, (2, 1_500))
    y = rng.normal(size=20)[first] + rng.normal(size=20)[second] + rng.normal(size=1_500)
    table = {
        "first": np.char.add("f", first.astype(str)),
        "second": np.char.add("s", second.astype(str)),
    }
    assert prepare_ensemble_training(table, y).chosen.means == ()


def test_the_same_bits_with_any_number_of_threads_and_after_kills(tmp_path):
    table, y = matches(300)

    def prepared():
        return prepared_for(y, table)

    whole = prepared().training
    whole.run(threads=1, progress=False)
    file = Killed(tmp_path / "c.safetensors", every=1)
    for last in (1, 3, 4):
        file.last = last
        with pytest.raises(SystemExit):
            prepared().training.run(2, progress=False, checkpoint=file, resume=last > 1)
    file.last = np.inf
    resumed = prepared().training
    resumed.run(2, progress=False, checkpoint=file, resume=True)
    assert np.array_equal(resumed.best.predictions, whole.best.predictions)
    for one, other in zip(resumed.ensemble().networks, whole.ensemble().networks, strict=True):
        assert np.array_equal(one.parameters, other.parameters)


class Killed(Checkpoint):
    """A checkpoint after each epoch, which ends the process after one of them."""

    last: float = np.inf

    def save(self, run, state):
        super().save(run, state)
        if len(run.history) >= self.last:
            raise SystemExit

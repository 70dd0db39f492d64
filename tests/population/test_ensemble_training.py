"""The training of an ensemble: its parts by hand, and its result by other trainings."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from barenet import Checkpoint, train
from barenet.callbacks import Callback, TimeLimit
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError, BarenetError, DataError, DivergenceError, ResumeError
from barenet.inputs import _column_relevance
from barenet.inputs._column_relevance import relevance_factors
from barenet.population._ensemble_recipe import TEMPERATURES, EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._out_of_fold import (
    CLASS_BYTES,
    NUMBER_BYTES,
    OutOfFold,
    soften,
    split_folds,
)
from barenet.population._prepared_training import prepare_ensemble_training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)).astype(np.float32)
KIND = (X[:, 0] > 0).astype(np.intp) + (X[:, 1] > 0.5)
EVEN = np.full(90, 1 / 90)
RECIPE = EnsembleRecipe(hidden_layer_sizes=(9,), repeats=2, epochs=12)


def of_classes(recipe=RECIPE, y=KIND, weight=EVEN, **options):
    target_kind = TargetKind(n_classes=int(y.max()) + 1)
    return EnsembleTraining(X, OutOfFold(y, weight), recipe, target_kind, **options)


def of_numbers(recipe=RECIPE, **options):
    y = np.column_stack([X[:, 0] ** 2, X[:, 1] * X[:, 2]])
    rows = OutOfFold((y - y.mean(0)) / y.std(0), EVEN)
    return EnsembleTraining(X, rows, recipe, TargetKind(n_numbers=2), **options)


@pytest.mark.parametrize("sizes", [(40, 40, 10), (7, 1, 1), (2, 0, 0), (1, 1, 0)])
def test_classes_and_rows_are_spread_evenly_over_folds(sizes):
    y = np.repeat(np.arange(3), sizes)
    folds, *numbers = (
        split_folds(given, np.arange(len(y)), 4, np.random.RandomState(seed))
        for given, seed in ((y, 3), (None, 1), (None, 1), (None, 2))
    )
    for kind, size in enumerate(sizes):
        counts = np.bincount(folds[y == kind], minlength=4)
        assert counts.sum() == size and np.ptp(counts) <= 1
    for each in (folds, *numbers):
        assert np.ptp(np.bincount(each, minlength=4)) <= 1
    assert np.array_equal(numbers[0], numbers[1])
    assert len(y) < 10 or not np.array_equal(numbers[0], numbers[2])


@pytest.mark.parametrize("y", [KIND, None])
def test_a_group_is_in_one_fold(y):
    groups = np.array(list("abcdefghij"))[RNG.integers(0, 10, 90)]
    folds = split_folds(y, groups, 4, np.random.RandomState(0))
    assert all(len(np.unique(folds[groups == each])) == 1 for each in np.unique(groups))
    assert sorted(np.bincount([folds[groups == each][0] for each in "abcdefghij"])) == [2, 2, 3, 3]


@pytest.mark.parametrize(("groups", "n_networks"), [(np.arange(90) % 3, 6), (np.zeros(90), 8)])
def test_fewer_groups_than_folds_and_a_single_one(groups, n_networks):
    training = of_classes(groups=groups)
    assert len(training.left_out) == n_networks
    assert all(0 < len(left) < 90 for left in training.left_out)


def test_a_table_is_encoded_in_scaled_pieces_and_the_ensemble_takes_plain_ones(monkeypatch):
    assert [EnsembleRecipe.for_rows(count).bin_factor for count in (1999, 2000)] == [0.3, 1.0]
    monkeypatch.setattr(EnsembleRecipe, "for_rows", lambda n_rows: replace(RECIPE, repeats=1))
    monkeypatch.setattr(_column_relevance, "FEWEST_COLUMNS", 1)
    table = {f"c{at}": X[:, at] for at in range(4)} | {"kind": np.array(list("ab") * 45)}
    table["c0"] = np.where(np.arange(90) < 3, np.nan, X[:, 0])
    training, encoding, scaling, *_ = prepare_ensemble_training(
        table, X[:, 2].astype(float), epochs=3, seed=1
    )
    plain = encoding.transform(table, "float32")
    is_piece = [".." in name for name in encoding.input_names]
    assert sum(is_piece) == 4 * 24 and "c0 missing" in encoding.input_names
    y = training.out_of_fold.y
    factors = relevance_factors(encoding, table, y, np.ones(90), training.left_out, n_folds=4)
    assert factors.min() < 1
    inputs = []
    for first_row, factors_of_network in zip(training.first_rows, factors, strict=True):
        rows = np.asarray(training.X[first_row + np.arange(90)])
        expected = plain * np.where(is_piece, np.float32(0.3), np.float32(1)) * factors_of_network
        np.testing.assert_array_equal(rows, expected)
        inputs.append(rows)
    training.run()
    networks = [network.copy() for network in training.networks]
    expected = []
    for index, network in enumerate(networks):
        network.parameters[:] = training.best.parameters[index]
        expected.append(network.predict(inputs[index]))
    found = training.ensemble().predict(plain)
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=1e-5)
    np.testing.assert_allclose(scaling.transform(X[:, 2:3]), training.out_of_fold.y)


WEIGHT = RNG.random(90)
WEIGHT /= WEIGHT.sum()


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_scores_of_classes_are_those_of_scikit_learn(temperature):
    logits = RNG.normal(size=(4, 90, 3))

    def measured(p):
        correct = accuracy_score(KIND, p.argmax(axis=1), sample_weight=WEIGHT)
        return np.array([correct, log_loss(KIND, p, sample_weight=WEIGHT)])

    plain, softened = (softmax(logits / each, axis=2) for each in (1, temperature))
    scores = OutOfFold(KIND, WEIGHT).scores(plain, temperature)
    assert scores["out_of_fold"].pop("temperature") == temperature
    expected = {
        "out_of_fold": measured(softened.mean(axis=0)),
        "out_of_fold_of_one_network": np.mean([measured(each) for each in plain], axis=0),
        "out_of_fold_at_temperature_1": measured(plain.mean(axis=0)),
    }
    assert scores == {
        name: pytest.approx(dict(zip(("accuracy", "log_loss"), values, strict=True)))
        for name, values in expected.items()
    }


def test_the_scores_of_numbers_are_those_of_scikit_learn():
    y = RNG.normal(size=(90, 2))
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    predictions, rows = y + RNG.normal(size=(4, 90, 2)), OutOfFold(y, EVEN)
    mean = predictions.mean(axis=0)
    assert rows.loss(mean) == pytest.approx(mean_squared_error(y, mean))
    of_one = np.mean([r2_score(y, each) for each in predictions])
    assert rows.scores(predictions, 1.0) == {
        "out_of_fold": {"r2": pytest.approx(r2_score(y, mean))},
        "out_of_fold_of_one_network": {"r2": pytest.approx(of_one)},
    }


@pytest.mark.integration
def test_the_loss_of_an_ensemble_follows_from_that_of_few_networks():
    """On average over many draws of networks, whose errors are independent."""
    y = RNG.normal(size=(5, 1))
    bias = RNG.normal(size=(5, 1))
    rows = OutOfFold(y, np.full(5, 0.2))
    draws = y + bias + RNG.normal(size=(5_000, 2, 5, 1))
    expected = np.mean(bias**2) + 1 / 16
    found = [rows.ensemble_loss(draw, 16) for draw in draws]
    assert np.mean(found) == pytest.approx(expected, abs=0.03)
    classes = OutOfFold(np.minimum(KIND, 1), EVEN)
    for predictions, each in ((draws[0], rows), (RNG.dirichlet([1, 2], (2, 90)), classes)):
        own = each.ensemble_loss(predictions, 2)  # of as many networks as there are predictions
        assert own == pytest.approx(each.loss(predictions.mean(axis=0)))


def test_residuals_are_those_of_all_networks():
    """Errors of the mean of 4 networks are scaled by the root of the loss of 16 over theirs."""
    y = RNG.normal(size=(5_000, 1))
    rows = OutOfFold(y, np.full(5_000, 1 / 5_000))
    bias = RNG.normal(size=(5_000, 1))
    for noise in (0.0, 0.5, 1.0):
        draws = y + bias + noise * RNG.normal(size=(16, 5_000, 1))
        residuals = rows.residuals(draws[:4], 16)
        error, spread = np.abs(draws.mean(axis=0) - y), draws.std(axis=0, ddof=1)
        for coverage in (0.5, 0.9):
            inside = error <= residuals.half_width(spread, coverage)
            assert np.mean(inside) == pytest.approx(coverage, abs=0.025)
    alone = rows.residuals(y[None] + bias, 16)  # one repeat has no spread, and no loss of more
    width = alone.half_width(np.zeros((1, 1)), 0.9)[0, 0]
    assert width == pytest.approx(np.quantile(np.abs(bias), 0.9), rel=0.01)
    pure = rows.residuals(y + RNG.normal(size=(4, 5_000, 1)), 16)
    few = rows.residuals(y + RNG.normal(size=(4, 5_000, 1)), 4)
    assert pure.ratios[500, 0] == pytest.approx(few.ratios[500, 0] / 2, rel=0.1)  # √(4 / 16)
    assert OutOfFold(KIND, EVEN).residuals(np.full((2, 90, 3), 1 / 3), 16) is None


def test_the_temperature_is_that_of_the_lowest_loss():
    logits = RNG.normal(size=(3, 90, 3)) + 1.5 * np.eye(3)[KIND]
    for factor in (0.2, 2.0):  # from underconfident to overconfident
        p = np.exp(factor * logits)
        p /= p.sum(axis=-1, keepdims=True)
        rows = OutOfFold(KIND, EVEN)
        losses = {}
        for each in TEMPERATURES:
            q = softmax(factor * logits / each, axis=-1)
            alone, mean = np.mean([log_loss(KIND, a) for a in q]), log_loss(KIND, q.mean(axis=0))
            limit = (3 * mean - alone) / 2
            losses[each] = limit + (alone - limit) / 12
        temperature, loss = rows.best_temperature(p, 12)
        assert temperature == min(losses, key=losses.get)
        assert loss == pytest.approx(min(losses.values()), rel=1e-4)


def averaged(training, index, epoch):
    """The network of an ensemble, trained by `train` alone, its averages in float64."""
    network, total = training.networks[index].copy(), 0.0
    network.initialize(training.seeds[index])
    others = np.setdiff1d(np.arange(90), training.left_out[index])
    past = []
    train(
        network, X[others], training.out_of_fold.y[others], epochs=epoch, batch_size=32,
        optimizer=training.recipe.optimizer, seed=training.seeds[index],
        callbacks=lambda run: past.append(run.network.parameters.astype(np.float64)),
    )  # fmt: skip
    weights = training.recipe.decay ** np.arange(epoch)[::-1]
    total = np.average(past, axis=0, weights=weights)
    network = network.copy("float64")
    network.parameters[:] = total
    return network


@pytest.mark.parametrize("make", [of_classes, of_numbers])
def test_the_result_is_that_of_networks_trained_alone(make):
    training = make()
    history, best = training.run(), training.best
    assert history.best_epoch == best.epoch and len(training.left_out) == 8
    networks = [averaged(training, index, best.epoch) for index in range(8)]
    out = np.zeros((2, 90, networks[0].n_outputs))
    for index, network in enumerate(networks):
        left = training.left_out[index]
        out[index // 4, left] = network.forward(X[left].astype(float))[0]
    softened = soften(out, best.temperature)
    np.testing.assert_allclose(best.predictions, softened.mean(axis=0), atol=2e-5)
    assert best.loss == pytest.approx(training.out_of_fold.ensemble_loss(softened, 8), abs=1e-4)
    expected = [soften(each.forward(X.astype(float))[0], best.temperature) for each in networks]
    found = training.ensemble().predict(X)
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=2e-5)


def test_it_ends_when_the_loss_does_not_improve():
    y = RNG.integers(0, 2, 90)
    training = of_classes(replace(RECIPE, epochs=96, optimizer="adamw:learning_rate=0.01"), y)
    history = training.run()
    assert training.recipe.has_ended(len(history), training.best.epoch)
    assert len(history) < 96 and history.stop_reason == "no improvement"


@pytest.mark.parametrize(("kind", "score"), [(of_classes, "accuracy"), (of_numbers, "r2")])
def test_the_history_has_the_scores_of_left_out_rows_where_they_were_predicted(kind, score):
    training = kind(replace(RECIPE, epochs=9))
    history = training.run()
    best = training.best
    curve = history[f"out_of_fold_{score}"]
    assert curve[best.epoch - 1] == best.scores["out_of_fold"][score]
    assert np.flatnonzero(np.isnan(curve)).tolist() == [6]  # epoch 7 is not compared
    losses = np.array(history["out_of_fold_loss"])
    factor = 1 if kind is of_classes else 2  # the loss of a network is half of the mean square
    assert factor * losses[best.epoch - 1] == best.loss
    assert np.nanmin(losses) >= losses[best.epoch - 1] * (1 - training.recipe.tolerance)


def test_an_ensemble_of_which_nothing_is_left_fails():
    training = of_classes()
    for network in training.networks[::4]:
        network.parameters[:] = 1e30
    with (
        pytest.raises(DivergenceError),
        pytest.warns(RuntimeWarning, match="2 of 8 networks failed"),
    ):
        training.run()


class Killed(Checkpoint):
    """A checkpoint after each epoch, which ends the process after one of them."""

    last: float = np.inf

    def save(self, run, state):
        super().save(run, state)
        if len(run.history) >= self.last:
            raise SystemExit


def run_from(folder, make, last=np.inf, *, resume=True):
    """A training with a checkpoint, and the epochs that it compares."""
    training, past = make(), []
    file, check = Killed(folder / "c.safetensors", every=1), training._check
    file.last = last

    def watch(epoch, population):
        past.append(epoch)
        check(epoch, population)

    training._check, history = watch, None
    with nullcontext() if last == np.inf else pytest.raises(SystemExit):
        history = training.run(checkpoint=file, resume=resume)
    return training, history, past


@pytest.mark.integration
@pytest.mark.parametrize(("kind", "failing"), [(of_classes, None), (of_numbers, 5)])
def test_a_resumed_training_ends_with_the_same_bits(tmp_path, kind, failing):
    """A network that has failed fails again; its repeat is left out."""

    def make():
        training = kind(replace(RECIPE, optimizer="adamw:learning_rate=0.02", epochs=30))
        if failing is not None:
            training.networks[failing].parameters[:] = 1e30
        return training

    expectation = nullcontext()
    if failing is not None:
        expectation = pytest.warns(RuntimeWarning, match="1 of 8 networks failed")
    with expectation:
        whole = make()
        history = whole.run()
        for epoch in (1, 4, 7):
            run_from(tmp_path, make, epoch, resume=epoch > 1)
        training, resumed, past = run_from(tmp_path, make)
        again, ended, nothing = run_from(tmp_path, make)  # from the state at its end
    assert past[0] == 8 and nothing == []
    for found, curves in ((training, resumed), (again, ended)):
        np.testing.assert_equal(curves.to_dict(), history.to_dict())
        assert curves.stop_reason == history.stop_reason
        assert found.best.epoch == whole.best.epoch == curves.best_epoch
        assert found.best.scores == whole.best.scores
        assert np.array_equal(found.best.predictions, whole.best.predictions)
        ensembles = found.ensemble().networks, whole.ensemble().networks
        kept = range(8 if failing is None else 4)  # without the repeat of the network
        assert sorted(found.best.parameters) == [*kept] and len(ensembles[0]) == len(kept)
        for one, other in zip(*ensembles, strict=True):
            assert np.array_equal(one.parameters, other.parameters)


class Signal(Callback):
    """Stops all networks after so many batches of them together."""

    def __init__(self, left):
        self.left = left

    def __deepcopy__(self, memo):
        return self

    def on_start(self, run):
        run.chunk_limit = 1

    def on_chunk(self, run):
        self.left -= 1
        if self.left <= 0:
            run.stop("interrupted", resumable=True)


def test_networks_that_are_stopped_within_an_epoch_resume_there(tmp_path):
    """Two have finished the third epoch of three batches, and one has begun it."""
    whole, parts = of_classes(), of_classes()
    whole.run()
    file = Checkpoint(tmp_path / "c.safetensors", every="never")
    history = parts.run(1, Signal(2 * 8 * 3 + 7), checkpoint=file)
    assert len(history) == 2 and history.stop_reason == "interrupted"
    state = file.read()
    runs = [state[f"run {index}"] for index in range(8)]
    places = sorted((len(run["curve_loss"]), run["batch"]) for run in runs)
    assert places == [(2, 1)] * 6 + [(3, 3)] * 2
    training, _, past = run_from(tmp_path, of_classes)
    assert past[0] == 3
    for one, other in zip(training.ensemble().networks, whole.ensemble().networks, strict=True):
        assert np.array_equal(one.parameters, other.parameters)
    assert np.array_equal(training.best.predictions, whole.best.predictions)


def test_a_time_limit_keeps_the_best_epoch_and_can_be_resumed(tmp_path):
    """Each network is stopped after its first epoch, and its engine is given to the next one."""
    whole = of_classes()
    whole.run()
    history = of_classes().run(1, TimeLimit(1e-9), checkpoint=tmp_path / "c.safetensors")
    assert len(history) == 1 and history.best_epoch == 1 and history.resumable
    assert history.stop_reason == "the time limit of 1e-09 s was reached"
    training, again, past = run_from(tmp_path, of_classes)
    assert past[0] == 2 and not again.resumable
    for one, other in zip(training.ensemble().networks, whole.ensemble().networks, strict=True):
        assert np.array_equal(one.parameters, other.parameters)


def test_the_checkpoint_of_another_training_is_refused(tmp_path):
    run_from(tmp_path, of_classes, 3, resume=False)
    with pytest.raises(ResumeError, match="is of a run with other data: y has other values"):
        run_from(tmp_path, lambda: of_classes(y=KIND[::-1]))
    with pytest.raises(ResumeError, match="epochs was 12, and is 13"):
        run_from(tmp_path, lambda: of_classes(replace(RECIPE, epochs=13)))
    file = Checkpoint(tmp_path / "c.safetensors")
    state = file.read()
    for wrong in ({"sums": np.zeros((3, 3))}, {"best 99": state["ensemble"]["sums"][0]}):
        file.read = lambda wrong=wrong: {**state, "ensemble": state["ensemble"] | wrong}
        with pytest.raises(ResumeError, match="not a valid checkpoint"):
            of_classes().run(checkpoint=file, resume=True)


@pytest.mark.slow
@pytest.mark.case(134)
@pytest.mark.integration
@pytest.mark.parametrize(("n_classes", "size"), [(400, CLASS_BYTES), (0, NUMBER_BYTES)])
def test_the_memory_of_predictions_is_the_estimate(n_classes, size, peak_memory):
    """Two epochs, as the best predictions are kept while the next ones are made."""
    X = np.random.default_rng(0).normal(size=(6000, 2)).astype(np.float32)
    y, target_kind = np.arange(6000) % 400, TargetKind(n_classes)
    if not n_classes:
        y, target_kind = np.tile(X.astype(float), (1, 200)), TargetKind(n_numbers=400)
    recipe = EnsembleRecipe(hidden_layer_sizes=(2,), batch_size=500, epochs=2)
    of_classes(RECIPE).run(threads=1)  # the kernels take memory, too
    rows = OutOfFold(y, np.full(6000, 1 / 6000))
    peak = peak_memory(lambda: EnsembleTraining(X, rows, recipe, target_kind).run(threads=1))
    assert 0.7 < peak / (size * 6000 * 400) < 1.25


@pytest.mark.case(134)
@pytest.mark.parametrize(("of_classes", "needed"), [(True, "8.6 GB"), (False, "10.4 GB")])
def test_targets_beyond_the_memory_are_refused_at_once(monkeypatch, of_classes, needed):
    monkeypatch.setenv("BARENET_MEMORY", "8GB")
    X, classes = np.zeros((40_000, 1)), np.arange(40_000) % 4000
    y = classes if of_classes else np.broadcast_to(classes[:, np.newaxis] / 2, (40_000, 2000))
    target_kind = TargetKind(n_classes=4000) if of_classes else TargetKind(n_numbers=2000)
    message = f"^y: predictions of 40,000 rows .* about {needed}, more than the 8 GB allowed; mer"
    with pytest.raises(ArgumentError, match=message):
        prepare_ensemble_training(X, y, target_kind)
    monkeypatch.setenv("BARENET_MEMORY", "11GB")
    with pytest.raises(DataError, match="no column"):  # it goes on
        prepare_ensemble_training(X, y if of_classes else y[:, :9], target_kind, rare=0.5)


@pytest.mark.parametrize(
    ("n_rows", "best", "end"),
    [(5_000, 10, 18), (5_000, 40, 60), (50_000, 10, 14), (50_000, 40, 52)],
)
def test_training_ends_some_epochs_after_the_best_one(n_rows, best, end):
    recipe = EnsembleRecipe.for_rows(n_rows)
    assert not recipe.has_ended(end - 1, best)
    assert recipe.has_ended(end, best)


def test_a_callback_that_ends_the_first_epoch_leaves_no_ensemble():
    class Enough(Callback):
        def on_start(self, run):
            run.stop("enough", resumable=True)

    training = of_classes(replace(RECIPE, batch_size=2))
    with pytest.raises(BarenetError, match=r"^enough within the first epoch; there is no ensemble"):
        training.run(callbacks=Enough(), threads=1)

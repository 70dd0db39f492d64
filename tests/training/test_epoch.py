"""An epoch: the order of its rows, and its measurements."""

import numpy as np
import pytest

from barenet import Network
from barenet._metrics import as_metrics
from barenet.engines import Job, ReferenceEngine, choose_engine
from barenet.model._array_dataset import validate_arrays
from barenet.model._randomness import epoch_orders
from barenet.model.losses import as_loss
from barenet.optimizers import SGD
from barenet.training import _epoch as epoch_module
from barenet.training._epoch import TrainingConfig, measure
from barenet.training._loop import make_loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = np.arange(61) % 2
WEIGHT = np.where(np.arange(61) < 16, 0.0, RNG.random(61))


class Recorder(ReferenceEngine):
    """Records the rows of each batch."""

    def value_and_gradient(self, batch=None, step=0):
        self.seen.append(batch.tolist())
        return super().value_and_gradient(batch, step)


def job_of_classes(**settings):
    network = Network.dense([3, 2], output="softmax")
    loss = as_loss(None, network.output_activation)
    return Job(network=network, rows=validate_arrays(network, loss, X, Y), loss=loss, **settings)


def rolled(n_rows, _seed, epochs):
    return np.array([np.roll(np.arange(n_rows), epoch) for epoch in epochs])


@pytest.mark.parametrize("limit", [None, 1])  # with it, no epochs run ahead
@pytest.mark.parametrize(
    ("expected", "settings"),
    [
        (lambda n: epoch_orders(n, 5, range(4)), {}),
        (lambda n: np.tile(np.arange(n), (4, 1)), {"shuffle": False}),
        (lambda n: rolled(n, 5, range(4)), {"row_orders": rolled}),
    ],
)
def test_the_rows_are_visited_in_the_order_of_the_epoch(expected, settings, limit):
    engine = Recorder(job_of_classes(optimizer=SGD(), seed=5))
    engine.seen = []
    loop = make_loop(engine, TrainingConfig(epochs=4, batch_size=10, **settings))
    loop.run.chunk_limit = limit
    with loop.session():
        loop.advance(4)
    assert np.concatenate(engine.seen).tolist() == expected(len(X)).ravel().tolist()


def classifier():
    return Network.dense([3, 4, 2], output="softmax", seed=1, dtype="float64")


def measured(engine, weight, is_interrupted):
    network = classifier()
    loss = as_loss("categorical_cross_entropy", network.output_activation)
    rows = validate_arrays(network, loss, X, Y, weight)
    job = Job(network=network, rows=rows, loss=loss, optimizer=SGD())
    settings = {"metrics": as_metrics("accuracy"), "held_out": {"validation": rows}}
    config = TrainingConfig(epochs=1, batch_size=8, **settings)
    return measure(choose_engine(engine, job), config, is_interrupted)


@pytest.mark.parametrize(
    ("engine", "weight"),
    [("reference", None), ("reference", WEIGHT), ("compiled", WEIGHT), ("jax", WEIGHT)],
)
def test_evaluation_in_parts_changes_nothing(engine, weight, monkeypatch):
    monkeypatch.setattr(epoch_module, "ROW_MULTIPLE", 8)  # eight rows at a time
    monkeypatch.setattr(epoch_module, "MAX_MULTIPLICATIONS", 0)
    calls = []
    parts = measured(engine, weight, lambda: calls.append(1))
    assert len(calls) == 16  # eight for the training set, eight for the validation set
    monkeypatch.undo()
    whole = measured(engine, weight, lambda: calls.append(1))
    assert len(calls) == 16 and parts == pytest.approx(whole, rel=1e-13)
    assert parts["accuracy"] == whole["accuracy"] == whole["validation_accuracy"]

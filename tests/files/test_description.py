"""The description of a predictor: correct, and short for any predictor."""

from dataclasses import replace

import numpy as np
import pytest
from predictors import predictor_of

from barenet import History, ModelCard, Network, Predictor, Scaling
from barenet.files._model_card import TrainingLog

HISTORY = History(
    {"loss": [1 / (1 + epoch) for epoch in range(400)], "learning_rate": [0.001] * 400},
    "compiled",
    7,
    "no improvement",
    369,
)
CARD = ModelCard(
    settings={"epochs": 1000},
    rows={"training": 1080, "validation": 120},
    log=TrainingLog.from_history(HISTORY),
    scores={"validation": {"r2": 0.91234567}},
)


@pytest.fixture(name="predictor")
def make_predictor() -> Predictor:
    network = Network.dense([1000, 4, 1], hidden="tanh")
    scaling = Scaling.fit("robust", np.eye(2).repeat(500, axis=1))
    names = {"target_name": "price", "dataset": "two\nlines"}
    names["feature_names"] = tuple(f"column {number}" for number in range(1000))
    target = Scaling.fit("standardize", np.array([[1.0], [2.0]]))
    return predictor_of(network, scaling, target_scaling=target, card=CARD, **names)


def test_a_predictor_of_a_thousand_columns_and_hundreds_of_epochs_is_a_few_lines(predictor):
    lines = dict(
        line.strip().split("  ", 1) for line in repr(predictor).strip(">").splitlines()[1:]
    )
    first = ", ".join(f"column {number}" for number in range(8))
    assert {name: what.strip() for name, what in lines.items()} == {
        "predicts": "price, a number",
        "from": f"1,000 features: {first}, … (1000 in all)",
        "scaling": "robust, and the target: standardize",
        "network": "1000 → 4 tanh → 1 identity, 4,009 parameters of float32",
        "trained on": r"two\nlines: 1,080 training rows, 120 validation rows",
        "trained for": (
            "400 epochs (no improvement), kept the best, epoch 369, compiled engine, seed 7"
        ),
    }


def test_unknown_parts_and_the_middle_of_many_layers_are_left_out(predictor):
    network = Network.dense([1000, *[5] * 20, 1], hidden="relu")
    bare = replace(predictor, network=network, card=None, dataset="", target_scaling=None)
    assert "trained" not in repr(bare) and "the target" not in repr(bare)
    start = "1000 → 5 relu → 5 relu → 5 relu → … (21 layers) → 1 identity, "
    assert bare.description()["network"].startswith(start)

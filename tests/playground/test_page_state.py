import json
from dataclasses import asdict, replace

import pytest

from barenet._train import train
from barenet.optimization.optimizers import LBFGS, Adam
from barenet.playground._address import read_address
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import NAMED, PageState
from barenet.playground._wire_format import decode


def read(data=None, network=None, **state):
    return decode(PageState, {"data": data or {}, "networks": [network or {}], **state}, "state")


def test_a_state_survives_a_round_trip_through_json():
    state = read(
        {"source": "moons", "features": ["x1", "sin(x2)"], "axes": ["a", "b"]},
        {"hidden": [3, 5], "activations": ["relu", "gelu"], "penalty": "l2", "seed": 3},
        pace=0,
    )
    written = json.loads(json.dumps(asdict(state)))
    assert decode(PageState, written, "state") == state
    assert state.data.features == ("x1", "sin(x2)") and state.networks[0].hidden == (3, 5)
    assert decode(PageState, {}, "state") == PageState()


#: Values that the fields of each part do not take.
INVALID: dict[str, dict[str, list[object]]] = {
    "data": {
        "source": [7], "samples": [10, 10**9], "noise": [-2], "data_seed": [0.5],
        "features": [[], ["x3"], ["x1", "x1"], ["all", "x1"]], "axes": [["a", "b", "c"]],
        "test_size": [0, 1], "task": ["ranking"], "points": [3], "dots": [3],
    },
    "network": {
        "hidden": [[0], [257], [2.5], [1] * 9, "8"], "activations": [["softmax", "tanh"], ["tanh"]],
        "dropout": [1, True], "batch_norm": [1], "seed": [-1], "batch_size": [1.5],
        "optimizer": ["sgdd", "adam:speed=1"], "learning_rate": [0, float("nan")],
        "schedule": ["sometimes"], "penalty": ["l3"], "penalty_rate": [-1],
        "loss": ["hinge"], "stop_epoch": [-1], "stop_loss": ["0.1"], "colour": ["red"],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "field"), [(p, name) for p, names in INVALID.items() for name in names]
)
def test_an_invalid_setting_is_rejected_by_name(part, field, refused):
    unknown = {"dots": "data: field", "colour": "networks: field"}
    for value in INVALID[part][field]:
        with refused(unknown.get(field, field)):
            read(**{part: {field: value}})


def test_fault_131_an_optimizer_with_options_is_one_that_the_trainer_can_make(refused):
    for spec, expected in {
        "lbfgs:memory=5": LBFGS(memory=5),
        "adam:beta1=0.8": Adam(0.3, 0.8),
    }.items():
        settings = read(network={"optimizer": spec, "learning_rate": 0.3})
        config = settings.networks[0].run_config(100)
        assert config.make_optimizer() == expected
        assert config.batch_size == ("full" if expected.full_batch else 16)
    for rate in ("0.1", "0.001"):  # the second is the default of Adam
        with refused("optimizer"):
            read_address(f"net.optimizer=adam:learning_rate={rate}")


@pytest.mark.parametrize(
    ("state", "argument"),
    [
        ([], "state"),
        ({"speed": 3}, "state: field"),
        *(({"networks": each}, "networks") for each in ([{}, {}, {}], [], [7])),
        *(({"pace": each}, "pace") for each in (-1, 1e9)),
        ({"data": "moons"}, "data"),
    ],
)
def test_an_invalid_state_is_rejected(state, argument, refused):
    with refused(argument):
        decode(PageState, state, "state")


def learning_curve(name: str, seed: int) -> list[float]:
    """The score on the test rows after each epoch that the page trains in 5 seconds."""
    state = PageState.defaults_for(name)
    prepared, settings = prepare_named(state.data), replace(state.networks[0], seed=seed)
    task = prepared.make_task(settings)
    arguments = settings.run_config(len(task.training[0])).train_arguments()
    history = train(
        task.network,
        *task.training,
        **{**arguments, "epochs": int(5 * state.pace), "engine": "auto"},
        validation_data=task.test,
        metrics=task.metric,
    )
    return history.curves[f"validation_{task.metric}"]


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
@pytest.mark.parametrize("name", NAMED)
def test_default_settings_learn_each_data_set_within_five_seconds(name, seed):
    expected = {"hills": 0.85, "sine": 0.9, "diabetes": 0.35}.get(name, 0.97)
    curve = learning_curve(name, seed)
    assert max(curve) >= expected and curve[-1] >= expected

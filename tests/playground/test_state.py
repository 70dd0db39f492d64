from __future__ import annotations

import pytest

from barenet.playground.blueprint import batch_size, build, penalties, task_of
from barenet.playground.material import prepare
from barenet.playground.sets import NAMED
from barenet.playground.state import State
from barenet.training.train import train


def test_a_state_is_written_and_read_again():
    state = State.read({"scene": {"data": "moons"}, "designs": [{}, {"seed": 3}], "pace": 0})
    assert State.read(state.to_dict()) == state
    assert len(state.designs) == 2


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ([], "state: expected an object"),
        ({"speed": 3}, "unknown 'speed'"),
        ({"designs": [{}, {}, {}]}, "2 entries at most"),
        ({"designs": []}, "one network, or two"),
        ({"designs": [7]}, "design: expected an object"),
        ({"scene": "moons"}, "scene: expected an object"),
        ({"pace": -1}, "pace"),
        ({"pace": 1e9}, "pace"),
    ],
)
def test_a_state_that_cannot_be_is_refused(said, word):
    with pytest.raises(ValueError, match=word):
        State.read(said)


def curve_of(name: str, seed: int) -> list[float]:
    """The score on held-out rows, epoch by epoch, for as many epochs as the page does in 5 s."""
    state = State.suited(name)
    material, design = prepare(state.scene, {}), state.designs[0].copy(seed=seed)
    network = build(design, material)
    task = task_of(design, material, network)
    history = train(
        network,
        *task.training,
        optimizer=design.optimizer_spec,
        epochs=int(5 * state.pace),
        batch_size=batch_size(design, material),
        validation_data=task.held_out,
        metrics=task.metric,
        penalty=penalties(design),
        seed=seed,
        engine="auto",
    )
    return history.curves[f"validation_{task.metric}"]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", NAMED)
def test_the_settings_that_suit_a_data_set_learn_it_within_five_seconds(name, seed):
    expected = {"hills": 0.85, "sine": 0.9, "diabetes": 0.35}.get(name, 0.97)
    curve = curve_of(name, seed)
    assert max(curve) >= expected and curve[-1] >= expected

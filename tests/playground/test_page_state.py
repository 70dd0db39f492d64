from __future__ import annotations

import pytest

from barenet.playground.page_state import PageState
from barenet.playground.prepared_data import prepare
from barenet.playground.presets import NAMED
from barenet.playground.run_setup import batch_size, build_network, make_task, penalties
from barenet.training.train import train


def test_a_state_is_written_and_read_again():
    state = PageState.read({"scene": {"data": "moons"}, "designs": [{}, {"seed": 3}], "pace": 0})
    assert PageState.read(state.to_dict()) == state
    assert len(state.networks) == 2


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
        PageState.read(said)


def curve_of(name: str, seed: int) -> list[float]:
    """The score on held-out rows, epoch by epoch, for as many epochs as the page does in 5 s."""
    state = PageState.suited(name)
    prepared, settings = prepare(state.data, {}), state.networks[0].copy(seed=seed)
    network = build_network(settings, prepared)
    task = make_task(settings, prepared, network)
    history = train(
        network,
        *task.training,
        optimizer=settings.optimizer_spec,
        epochs=int(5 * state.pace),
        batch_size=batch_size(settings, prepared),
        validation_data=task.test,
        metrics=task.metric,
        penalty=penalties(settings),
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

from __future__ import annotations

import pytest

from barenet.playground.state import State


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

"""Other data take the settings that suit them, and leave what was changed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from barenet.errors import ArgumentError
from barenet.playground._address import read_address, write_address
from barenet.playground._default_settings import changes, choose, restore
from barenet.playground._page_state import NAMED, PageState


@pytest.mark.parametrize("source", NAMED)
def test_untouched_settings_become_those_of_the_other_data_and_back(source):
    chosen = choose(PageState(), source)
    assert chosen == PageState.defaults_for(source) and changes(chosen) == []
    assert choose(chosen, "circles") == PageState()


def test_changes_by_hand_stay_with_other_data_and_can_be_restored():
    address = "net.hidden=3&net.learning_rate=0.5&net.seed=7&test_size=0.2&noise=0.3&data_seed=2"
    state = choose(read_address(address), "moons")
    network = state.networks[0]
    assert (network.hidden, network.activations) == ((3,), ("relu",))
    assert (network.learning_rate, network.seed) == (0.5, 7)
    assert state.data.test_size == 0.2 and state.data.noise == -1, "its own noise"
    assert changes(state) == ["fraction of test points", "hidden layers", "learning rate"]
    restored = restore(state)
    assert restored.networks[0] == replace(PageState.defaults_for("moons").networks[0], seed=7)
    assert changes(restored) == []


def test_a_models_own_network_goes_with_it():
    model = replace(PageState(), data=replace(PageState().data, source="model:1", target="age"))
    assert choose(model, "xor") == PageState.defaults_for("xor")


def test_an_address_holds_every_setting():
    address = "data=wine&features=all&fixed=a%257Eb~1%2525&target=50%2525&networks=2&pace=0.5"
    address += "&net.hidden=3~2&net.batch_norm=true&b.net.learning_rate=1e-05"
    state = read_address(address)
    assert state.data.fixed == ("a~b", "1%") and state.data.target == "50%"
    assert read_address(write_address(state)) == state
    assert write_address(PageState()) == ""
    for noise in np.random.default_rng(0).random(50):  # all digits
        given = replace(PageState(), data=replace(PageState().data, noise=float(noise)))
        assert read_address(write_address(given)) == given


def test_an_address_of_a_page_may_name_its_files_and_forgotten_settings():
    state = read_address("data=table:abc&axes=a~b&net.form=round", is_own=True)
    assert state.data.source == "table:abc" and state.data.axes == ("a", "b")
    for address in ("data=table:abc", "net.form=round"):
        with pytest.raises(ArgumentError):
            read_address(address)
    with pytest.raises(ArgumentError, match="learning_rate: expected a number"):
        read_address("net.learning_rate=fast", is_own=True)

"""The training of a recording, and the modules of its page."""

import base64
import json

import numpy as np

from barenet import train
from barenet.playground._page_files import compact
from barenet.playground._recording import RecordedTraining, record
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import DataSettings, NetworkSettings, PageState


def last_epoch(recording):
    kind, text = recording["arrays"]["kept"]
    assert kind == "f4"
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(-1, 5)[-1, 0]


def test_the_kept_weights_are_those_of_the_library():
    state = PageState.defaults_for("moons")
    prepared, settings = prepare_named(state.data), state.networks[0]
    counted = []
    training = RecordedTraining(prepared.make_setup(settings), 12, lambda: counted.append(1))
    kept = training.run_to_end()
    assert [each.epoch for each in kept] == list(range(13)) and len(counted) == 12
    network = prepared.make_network(settings)
    config = settings.run_config(len(prepared.training[0]))
    history = train(network, *prepared.training, epochs=12, **config.train_arguments())
    assert np.array_equal(kept[-1].snapshot.parameters, network.parameters)
    assert [each.metrics.loss for each in kept[1:]] == history.curves["loss"]


def test_a_training_that_diverges_ends_at_its_best_epoch():
    data = DataSettings(source="plane")
    settings = NetworkSettings(hidden=(), activations=(), optimizer="sgd", learning_rate=1e5)
    recording = record(PageState(data=data, networks=(settings,)), prepare_named(data), 50)
    assert "epoch" in str(recording["problem"]) and last_epoch(recording) < 50
    json.dumps(recording, allow_nan=False)


def test_lines_are_joined_within_a_statement_and_between_two_of_them():
    """A comment ends with its line, and a word begins on a line of its own."""
    script = "f(\n[\na,\nb,\n],\n);\n\nif (a)\nb = {\nc,\n}; // it's it;\nelse\nd;\n"
    assert compact(script) == "f([a,b,],);if (a)\nb = {c,}; // it's it;\nelse\nd;"

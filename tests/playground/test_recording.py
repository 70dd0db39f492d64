"""The training of a recording, and the modules of its page."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from barenet._train import train
from barenet.activations import ACTIVATIONS
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import (
    HIDDEN_ACTIVATIONS,
    DataSettings,
    NetworkSettings,
    PageState,
)
from barenet.playground._recording import PAGE, RecordedTraining, bundle, record

NODE, FORWARD = shutil.which("node"), PAGE / "forward-pass.js"


def test_the_kept_weights_are_those_of_the_library():
    state = PageState.defaults_for("moons")
    prepared, settings = prepare_named(state.data), state.networks[0]
    counted = []
    training = RecordedTraining(prepared.make_task(settings), 12, lambda: counted.append(1))
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
    assert "epoch" in recording["problem"] and int(recording["facts"]["epochs"]) < 50
    json.dumps(recording, allow_nan=False)


@pytest.mark.parametrize("entry", ["main.js", "recording.js"])
def test_every_import_and_export_is_bundled(entry):
    script = bundle(entry)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)


@pytest.mark.parametrize("name", HIDDEN_ACTIVATIONS)
def test_the_page_has_each_activation(name):
    table = re.search(r"ACTIVATIONS = {$(.*?)^}", FORWARD.read_text("utf-8"), re.M | re.S)[1]
    message = f"add {name} to ACTIVATIONS in playground/page/forward-pass.js"
    assert re.search(rf"^  {name}[:,]", table, re.M), message


@pytest.mark.integration
@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_the_page_computes_each_activation_as_forward_does():
    """In Node.js, as a module; the tests of recordings in a browser compare whole networks."""
    Z = np.linspace(-9, 9, 73)
    values = f"Object.entries(ACTIVATIONS).map(([name, f]) => [name, {Z.tolist()}.map(f)])"
    script = f"{FORWARD.read_text('utf-8')}\nconsole.log(JSON.stringify({values}))"
    command = [NODE, "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    computed = dict(json.loads(done.stdout))
    assert computed.keys() >= {*HIDDEN_ACTIVATIONS}
    for name, found in computed.items():
        expected = ACTIVATIONS[name]().forward(Z)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)

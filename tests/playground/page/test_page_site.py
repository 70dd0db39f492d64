"""The page of static files, whose Python runs in a worker of the browser, without a server."""

from pathlib import Path

import numpy as np
import pytest

from barenet import train
from barenet.playground._data_preparation import prepare_named
from barenet.playground._page_state import DataSettings, NetworkSettings

from .conftest import Tab

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def own_tab(browser, site):
    """A page that reaches nothing but the static files."""
    context, requests = browser.new_context(), []

    def follow(route):
        requests.append(route.request.url)
        if route.request.url.startswith(site):
            route.continue_()
        else:
            route.abort()

    context.route("**", follow)
    tab = Tab(context, site)
    yield tab
    assert tab.faults == []
    assert [url for url in requests if not url.startswith((site, "blob:", "data:"))] == []
    context.close()


def test_it_has_the_numbers_of_the_library(own_tab):
    """Those of the reference engine on this machine, but for the last bits of its functions."""
    own_tab.visit("#data=circles&seed=3")
    own_tab.step(1, 2, 3)
    settings = NetworkSettings(**own_tab.value("settings"))
    prepared = prepare_named(DataSettings(source="circles"))
    task = prepared.make_task(settings)
    X, y = task.training
    arguments = settings.run_config(len(X)).train_arguments()
    train(task.network, X, y, **{**arguments, "epochs": 3, "engine": "reference"})
    np.testing.assert_allclose(own_tab.parameters(), task.network.parameters, atol=2e-6)


def test_it_plays_and_pauses(own_tab):
    own_tab.visit("#data=xor")
    own_tab.play("header.epoch > 20")
    own_tab.pause()
    epoch = own_tab.header("epoch")
    own_tab.step(epoch + 1)
    assert own_tab.header("epoch") == epoch + 1


def test_data_of_scikit_learn_are_part_of_it(own_tab):
    own_tab.visit("#data=digits")
    assert own_tab.value("facts.classes.length") == 10
    own_tab.step(1)
    own_tab.open_neuron(1)
    own_tab.close_neuron()


def test_two_networks_are_trained_side_by_side(own_tab):
    own_tab.visit("#networks=2&data=moons")
    own_tab.play("panels.length === 2 && panels[1].header?.epoch > 5")
    own_tab.pause()


@pytest.mark.parametrize(
    ("field", "package"), [("#csv", "pyarrow"), ("#model-file", "safetensors")]
)
def test_a_file_that_needs_a_missing_package_is_refused_in_one_line(own_tab, field, package):
    own_tab.visit("#data=moons")
    own_tab.upload(field, Path(__file__))
    own_tab.until_text("#notice", package)
    own_tab.step(1)


def test_a_worker_that_ends_is_reported(own_tab):
    own_tab.visit("#data=xor")
    own_tab.value("barenet.line.fail('out of memory')")
    own_tab.until_text("#notice", "Python has stopped: out of memory. Reload the page")
    own_tab.visit("#data=xor")
    own_tab.step(1)

"""The default settings of a data set, and those that were changed by hand, which are preserved.

Settings that differ from the defaults are mapped to their values by their names in an address, such
as ``noise`` or, for the first and the second network, ``net.hidden`` and ``b.net.hidden``.
"""

from collections.abc import Mapping
from typing import Any

from barenet.datasets._named_datasets import GENERATED
from barenet.playground.state._page_state import ALL_COLUMNS, PageState, fit_activations
from barenet.playground.state._wire_format import decode

#: Prefixes of the settings of the first and of the second network.
NETWORKS = ("net.", "b.net.")
#: Settings of the data themselves: another value is not a change by hand.
DATA_CHOICES = ("source", "rows", "axes", "fixed", "points", "target", "task")
#: Settings of randomness, which are not changes by hand, either.
SEEDS = ("data_seed", *(f"{prefix}seed" for prefix in NETWORKS))
#: The names of settings in words, where they differ.
NAMES = {
    "samples": "points",
    "test_size": "fraction of test points",
    "features": "inputs",
    "hidden": "hidden layers",
    "activations": "activation",
    "init": "initial weights",
    "schedule": "learning rate schedule",
    "penalty": "regularization",
    "penalty_rate": "regularization strength",
    "stop_loss": "stop at training loss",
    "stop_epoch": "stop at epoch",
    "pace": "speed",
}


def by_name(state: PageState) -> dict[str, Any]:
    """The settings by their names in an address."""
    settings = dict(vars(state.data))
    for prefix, network in zip(NETWORKS, state.networks, strict=False):
        for name, value in vars(network).items():
            settings[prefix + name] = value
    settings["pace"] = state.pace
    return settings


def differing(state: PageState) -> dict[str, Any]:
    """The settings that differ from the defaults of the data.

    Examples
    --------
    >>> differing(PageState(pace=2))
    {'pace': 2}
    """
    defaults = PageState.defaults_for(state.data.source, len(state.networks))
    usual = by_name(defaults)
    changed = {}
    for name, value in by_name(state).items():
        if value != usual[name]:
            changed[name] = value
    return changed


def with_settings(usual: PageState, settings: Mapping[str, Any]) -> PageState:
    """Replace default settings; each hidden layer has an activation, even if layers alone differ.

    Examples
    --------
    >>> with_settings(PageState(), {"net.hidden": (3,)}).networks[0].activations
    ('tanh',)
    """

    def part(default: object, prefix: str = "") -> dict[str, Any]:
        replaced = {}
        for name, value in vars(default).items():
            replaced[name] = settings.get(prefix + name, value)
        return replaced

    networks = []
    for prefix, default in zip(NETWORKS, usual.networks, strict=False):
        network = part(default, prefix)
        activations = tuple(network["activations"])
        network["activations"] = fit_activations(activations, len(network["hidden"]))
        networks.append(network)
    state = {**part(usual), "data": part(usual.data), "networks": networks}
    return decode(PageState, state, "state")


def choose(state: PageState, source: str) -> PageState:
    """Choose other data: settings that were not changed by hand become its defaults.

    Examples
    --------
    >>> chosen = choose(PageState(), "xor")
    >>> chosen == PageState.defaults_for("xor")
    True
    """
    if state.data.source.startswith("model:"):  # a model's own network goes with it
        return PageState.defaults_for(source)
    changed = _changed(state)
    changed.pop("noise", None)
    if source in GENERATED and ALL_COLUMNS in state.data.features:
        changed.pop("features", None)
    return with_settings(PageState.defaults_for(source, len(state.networks)), changed)


def restore(state: PageState) -> PageState:
    """Restore the default settings of the data; the data and the initial weights are kept."""
    unchanged = {}
    for name, value in differing(state).items():
        if name in DATA_CHOICES or name in SEEDS:
            unchanged[name] = value
    usual = PageState.defaults_for(state.data.source, len(state.networks))
    return with_settings(usual, unchanged)


def changes(state: PageState) -> list[str]:
    """Name the settings that were changed by hand.

    Examples
    --------
    >>> changes(choose(PageState(pace=2), "moons"))
    ['speed']
    """
    words: list[str] = []
    for name in _changed(state):
        if name not in SEEDS:
            name_of_field = name.rpartition(".")[2]
            setting = NAMES.get(name_of_field, name_of_field.replace("_", " "))
            if setting not in words:  # both networks have it
                words.append(setting)
    return words


def _changed(state: PageState) -> dict[str, Any]:
    """Changed settings: another number of layers alone is no change of their activation."""
    default = PageState.defaults_for(state.data.source).networks[0]
    usual = "tanh"
    if default.activations:
        usual = default.activations[0]
    changed = {}
    for name, value in differing(state).items():
        if name in DATA_CHOICES:
            continue
        if name.endswith(".activations") and {*value} <= {usual}:
            continue
        changed[name] = value
    return changed

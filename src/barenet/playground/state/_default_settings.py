"""The default settings of a data set, and settings changed by hand, which are preserved.

Settings that differ from the defaults are mapped from their names in an address to their values.
Examples of names are ``noise`` or, for the first and the second network, ``net.hidden`` and
``b.net.hidden``.
"""

from collections.abc import Mapping
from typing import Any

from barenet.datasets._named_datasets import GENERATED
from barenet.playground.state._page_state import ALL_COLUMNS, PageState, fit_activations
from barenet.playground.state._wire_format import decode

#: Prefixes of the settings of the first and the second network.
NETWORKS = ("net.", "b.net.")
#: Settings that choose the data; changing them does not count as a change by hand.
DATA_CHOICES = ("source", "rows", "axes", "fixed", "points", "target", "task")
#: Random seeds; changing them does not count as a change by hand, either.
SEEDS = ("data_seed", *(f"{prefix}seed" for prefix in NETWORKS))
#: Descriptions of settings, if they differ from the names.
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
    """Return the settings by their names in an address."""
    settings = dict(vars(state.data))
    for prefix, network in zip(NETWORKS, state.networks, strict=False):
        for name, value in vars(network).items():
            settings[prefix + name] = value
    settings["pace"] = state.pace
    return settings


def differing(state: PageState, defaults: PageState | None = None) -> dict[str, Any]:
    """Return the settings that differ from the defaults of the data, or from others.

    Examples
    --------
    >>> differing(PageState(pace=2))
    {'pace': 2}
    """
    if defaults is None:
        defaults = PageState.defaults_for(state.data.source, len(state.networks))
    usual = by_name(defaults)
    return {name: value for name, value in by_name(state).items() if value != usual[name]}


def with_settings(usual: PageState, settings: Mapping[str, Any]) -> PageState:
    """Replace default settings; if only the hidden layers change, each gets an activation.

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
    """Choose other data; settings that were not changed by hand become the defaults of these data.

    Examples
    --------
    >>> chosen = choose(PageState(), "xor")
    >>> chosen == PageState.defaults_for("xor")
    True
    """
    if state.data.source.startswith("model:"):  # the network belongs to the model
        return PageState.defaults_for(source)
    changed = _changed(state)
    changed.pop("noise", None)
    if source in GENERATED and ALL_COLUMNS in state.data.features:
        changed.pop("features", None)
    return with_settings(PageState.defaults_for(source, len(state.networks)), changed)


def restore(state: PageState, usual: PageState | None = None) -> PageState:
    """Restore the default settings of the data, or others, keeping the data and initial weights.

    The initial weights of a model are its own, which other seeds would replace.
    """
    if usual is None:
        usual = PageState.defaults_for(state.data.source, len(state.networks))
    kept = [*DATA_CHOICES]
    if not state.data.source.startswith("model:"):
        kept += SEEDS
    unchanged = {name: value for name, value in differing(state, usual).items() if name in kept}
    return with_settings(usual, unchanged)


def changes(state: PageState) -> list[str]:
    """Describe the settings that were changed by hand.

    Examples
    --------
    >>> changes(choose(PageState(pace=2), "moons"))
    ['speed']
    """
    words: list[str] = []
    for name in _changed(state):
        if name not in SEEDS:
            setting = setting_in_words(name)
            if setting not in words:  # both networks may have the same change
                words.append(setting)
    return words


def setting_in_words(name: str) -> str:
    """Return the name of a setting as the page lists it.

    Examples
    --------
    >>> setting_in_words("net.batch_size"), setting_in_words("pace")
    ('batch size', 'speed')
    """
    name_of_field = name.rpartition(".")[2]
    return NAMES.get(name_of_field, name_of_field.replace("_", " "))


def _changed(state: PageState) -> dict[str, Any]:
    """Return the changed settings; a new number of layers alone does not change the activations."""
    default = PageState.defaults_for(state.data.source).networks[0]
    usual = default.activations[0] if default.activations else "tanh"
    changed = {}
    for name, value in differing(state).items():
        if name in DATA_CHOICES:
            continue
        if name.endswith(".activations") and {*value} <= {usual}:
            continue
        changed[name] = value
    return changed

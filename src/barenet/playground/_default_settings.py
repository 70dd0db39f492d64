"""The default settings of a data set, and those that were changed by hand, which are preserved."""

from dataclasses import fields, replace
from typing import Any

from barenet.data._named import GENERATED
from barenet.playground._page_state import ALL_COLUMNS, NetworkSettings, PageState, fit_activations

#: Settings of the data themselves: another value is not a change by hand.
DATA_CHOICES = ("source", "rows", "axes", "fixed", "points", "target", "task")
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


def choose(state: PageState, source: str) -> PageState:
    """Choose other data: settings that were not changed by hand become its defaults.

    Examples
    --------
    >>> chosen = choose(PageState(), "xor")
    >>> chosen == PageState.defaults_for("xor")
    True
    """
    before, after = PageState.defaults_for(state.data.source), PageState.defaults_for(source)
    if state.data.source.startswith("model:"):  # a model's own network goes with it
        return after
    preserved = set(_differing(state.data, before.data)) - {*DATA_CHOICES, "noise"}
    if source in GENERATED and ALL_COLUMNS in state.data.features:
        preserved.discard("features")
    networks = [_choose_network(n, before.networks[0], after.networks[0]) for n in state.networks]
    return PageState(
        data=replace(after.data, **{name: getattr(state.data, name) for name in preserved}),
        networks=tuple(networks),
        pace=after.pace if state.pace == before.pace else state.pace,
    )


def _choose_network(
    settings: NetworkSettings, before: NetworkSettings, after: NetworkSettings
) -> NetworkSettings:
    preserved = {name: getattr(settings, name) for name in ("seed", *_changed(settings, before))}
    preserved["activations"] = fit_activations(
        preserved.get("activations", (after.activations or before.activations)[:1]),
        len(preserved.get("hidden", after.hidden)),
    )
    return replace(after, **preserved)


def restore(state: PageState) -> PageState:
    """Restore the default settings of the data; the data and the initial weights are kept."""
    usual = PageState.defaults_for(state.data.source)
    preserved = {name: getattr(state.data, name) for name in (*DATA_CHOICES, "data_seed")}
    networks = [replace(usual.networks[0], seed=each.seed) for each in state.networks]
    return replace(usual, data=replace(usual.data, **preserved), networks=tuple(networks))


def changes(state: PageState) -> list[str]:
    """Name the settings that were changed by hand.

    Examples
    --------
    >>> changes(choose(PageState(pace=2), "moons"))
    ['speed']
    """
    usual = PageState.defaults_for(state.data.source)
    names = [n for n in _differing(state.data, usual.data) if n not in (*DATA_CHOICES, "data_seed")]
    for network in state.networks:
        names += _changed(network, usual.networks[0])
    names += _differing(state, usual, "pace")
    return [NAMES.get(name, name.replace("_", " ")) for name in dict.fromkeys(names)]


def _changed(settings: NetworkSettings, usual: NetworkSettings) -> list[str]:
    """Names of changed settings: another number of layers alone is no change of the activation."""
    names = [n for n in _differing(settings, usual) if n not in ("activations", "seed")]
    activation = (usual.activations or ("tanh",))[0]
    return names + ["activations"] * any(each != activation for each in settings.activations)


def _differing(given: Any, usual: Any, *names: str) -> list[str]:
    names = names or tuple(each.name for each in fields(given))
    return [name for name in names if getattr(given, name) != getattr(usual, name)]

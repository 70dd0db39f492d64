"""The settings in an address of the page: those that differ from the defaults of the data.

As in ``data=xor&net.hidden=3``. The page adds its view, and the weights that were changed by hand.
"""

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.playground._page_state import (
    HAND_DRAWN,
    NAMED,
    Message,
    PageState,
    WeightEdit,
    fit_activations,
)
from barenet.playground._wire_format import decode

#: Prefixes of the settings of the first and of the second network.
NETWORKS = ("net.", "b.net.")
#: Names in an address besides the settings of the data and of the networks.
OTHERS = ("pace", "networks", "tests", "discrete", "log", "probe", "epoch", "hide", "lesson")


def split_address(address: str) -> dict[str, str]:
    """Split an address into its settings, as text.

    Examples
    --------
    >>> split_address("#data=xor&net.hidden=3~2")
    {'data': 'xor', 'net.hidden': '3~2'}
    """
    return dict(parse_qsl(address.removeprefix("#"), keep_blank_values=True))


def read_address(address: str, is_own: bool = False) -> PageState:
    """Read the settings over the defaults of the data.

    With `is_own`, the page itself has written the address: it may name an opened file, and names
    that only an older page knew are ignored.

    Examples
    --------
    >>> read_address("data=xor&net.hidden=3").networks[0].hidden
    (3,)
    >>> read_address("net.hiden=3")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: state: unknown 'net.hiden', did you mean 'net.hidden'? ...
    """
    words = split_address(address)
    source = words.pop("data", "circles")
    if not is_own:
        lookup(dict.fromkeys([*NAMED, HAND_DRAWN]), source, "data")
    data_defaults, default = asdict(PageState.defaults_for(source)), asdict(PageState())
    network = default["networks"][0]
    known = [name for name in default["data"] if name not in ("source", "rows")]
    known += [*OTHERS, *(prefix + name for prefix in NETWORKS for name in (*network, "edits"))]
    for name in words:
        if not is_own:
            lookup(dict.fromkeys(known), name, "state")

    def replaced(usual: dict[str, Any], like: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        found = {name: words.get(prefix + name) for name in usual}
        read = {name: _read(t, like[name], name) for name, t in found.items() if t is not None}
        return usual | read

    prefixes = NETWORKS[: 2 if words.get("networks") == "2" else 1]
    networks = [replaced(data_defaults["networks"][0], network, prefix) for prefix in prefixes]
    for each in networks:  # an address may name layers alone
        each["activations"] = fit_activations(tuple(each["activations"]), len(each["hidden"]))
    state = {"data": replaced(data_defaults["data"], default["data"]), "networks": networks}
    return decode(PageState, state | replaced({"pace": data_defaults["pace"]}, default), "state")


def read_edits(text: str) -> tuple[WeightEdit, ...]:
    """Read weights that were changed by hand, as the page writes them.

    Examples
    --------
    >>> read_edits("0_2_1.5")
    (WeightEdit(epoch=0, index=2, value=1.5),)
    """
    entries = [each.split("_") for each in text.split("*")] if text else []
    if any(len(each) != 3 for each in entries):
        raise ArgumentError.of("edits", text, "epoch_index_value of each weight, separated by *")
    named = [dict(zip(("epoch", "index", "value"), each, strict=True)) for each in entries]
    edits = [{name: _read(part, 0.0, "edits") for name, part in each.items()} for each in named]
    return decode(Message, {"edits": edits}, "edits").edits


def write_address(state: PageState) -> str:
    """Write the settings that differ from the defaults of the data.

    Examples
    --------
    >>> write_address(read_address("data=xor&net.hidden=3~2&net.activations=relu~relu&pace=30"))
    'data=xor&net.hidden=3~2&net.activations=relu~relu'
    """
    source = state.data.source
    given, usual = asdict(state), asdict(PageState.defaults_for(source))
    words = {} if source == PageState().data.source else {"data": source}

    def put(prefix: str, values: dict[str, Any], usual: dict[str, Any]) -> None:
        changed = {name: value for name, value in values.items() if value != usual[name]}
        words.update({prefix + name: _write(value) for name, value in changed.items()})

    put("", given["data"], usual["data"])
    for prefix, network in zip(NETWORKS, given["networks"], strict=False):
        put(prefix, network, usual["networks"][0])
    if len(given["networks"]) > 1:
        words["networks"] = "2"
    put("", {"pace": state.pace}, usual)
    return urlencode(words, safe="~*")


def _write(value: object) -> str:
    if isinstance(value, tuple):
        return "~".join(map(_write, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    # The name of a column may hold the sign between two names.
    return str(value).replace("%", "%25").replace("~", "%7E")


def _read(text: str, like: object, name: str) -> object:
    """Read one setting of the type of another value."""
    if isinstance(like, tuple):
        items = text.split("~") if text else []
        return [_read(each, like[0] if like else "", name) for each in items]
    if isinstance(like, bool):
        return text == "true"
    if isinstance(like, str):
        return text.replace("%7E", "~").replace("%25", "%")
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        raise ArgumentError.of(name, text, "a number") from None

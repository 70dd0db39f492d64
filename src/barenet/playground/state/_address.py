"""The settings in an address of the page, if they differ from the defaults of the data.

An example is ``data=xor&net.hidden=3``. The page adds its view, and weights changed by hand.
"""

from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, urlencode

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.playground.state._default_settings import NETWORKS, by_name, differing, with_settings
from barenet.playground.state._page_state import (
    HAND_DRAWN,
    Message,
    NetworkSettings,
    PageState,
    WeightEdit,
    check_source,
)
from barenet.playground.state._wire_format import decode

#: Names in an address that are not settings.
OTHERS = (
    "networks", "tests", "discrete", "log", "probe", "pass", "epoch", "hide", "lesson",
    "step", "passed", "lang",
)  # fmt: skip


def split_address(address: str) -> dict[str, str]:
    """Split an address into its settings, as text.

    Examples
    --------
    >>> split_address("#data=xor&net.hidden=3~2")
    {'data': 'xor', 'net.hidden': '3~2'}
    """
    return dict(parse_qsl(address.removeprefix("#"), keep_blank_values=True))


#: Returns the default settings of data, by their source, for one or two networks.
Defaults = Callable[[str, int], PageState]


def read_address(
    address: str, is_own: bool = False, defaults_for: Defaults = PageState.defaults_for
) -> PageState:
    """Read the settings of an address, on top of the defaults of the data.

    With `is_own`, the address was written by the page itself: it may refer to an opened file, and
    names that only older versions of the page used are ignored. The defaults of an opened model are
    its own settings, so an address without them shows its network.

    Examples
    --------
    >>> read_address("data=xor&net.hidden=3").networks[0].hidden
    (3,)
    >>> read_address("net.hiden=3")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: setting: unknown 'net.hiden', did you mean 'net.hidden'? ...
    """
    words = split_address(address)
    source = words.pop("data", PageState().data.source)
    if not is_own:
        check_source(source, HAND_DRAWN)
    # A value of each setting of two networks, whose type determines how to parse the text.
    network = NetworkSettings()
    examples = by_name(PageState(networks=(network, network)))
    if not is_own:
        _check_names(words, examples)
    n_networks = 2 if words.get("networks") == "2" else 1
    usual = defaults_for(source, n_networks)
    settings = {}
    for name in by_name(usual):
        if name in words:
            example = examples[name]
            _, _, name_of_field = name.rpartition(".")
            settings[name] = _read(words[name], example, name_of_field)
    return with_settings(usual, settings)


def _check_names(words: Iterable[str], settings: Iterable[str]) -> None:
    """Reject names that an address can't have."""
    accepted = [name for name in settings if name not in ("source", "rows")]
    accepted += OTHERS
    for prefix in NETWORKS:
        accepted.append(f"{prefix}edits")
    for name in words:
        lookup(dict.fromkeys(accepted), name, "setting")


def read_edits(text: str) -> tuple[WeightEdit, ...]:
    """Read weights that were changed by hand, in the format of the page.

    Examples
    --------
    >>> read_edits("0_2_1.5")
    (WeightEdit(epoch=0, index=2, value=1.5),)
    """
    entries = []
    if text:
        for entry in text.split("*"):
            parts = entry.split("_")
            if len(parts) != 3:
                expected = "epoch_index_value of each weight, separated by *"
                raise ArgumentError.of("edits", text, expected)
            entries.append(parts)
    edits = []
    for epoch, index, value in entries:
        edit = {
            "epoch": _read(epoch, 0.0, "edits"),
            "index": _read(index, 0.0, "edits"),
            "value": _read(value, 0.0, "edits"),
        }
        edits.append(edit)
    return decode(Message, {"edits": edits}, "edits").edits


def write_address(state: PageState, usual: PageState | None = None) -> str:
    """Write the settings that differ from the defaults of the data, or from others.

    Examples
    --------
    >>> write_address(read_address("data=xor&net.hidden=3~2&net.activations=relu~relu&pace=30"))
    'data=xor&net.hidden=3~2&net.activations=relu~relu'
    """
    words = {}
    if state.data.source != PageState().data.source:
        words["data"] = state.data.source
    for name, value in differing(state, usual).items():
        words[name] = _write(value)
    if len(state.networks) > 1:
        words["networks"] = "2"
    return urlencode(words, safe="~*")


def _write(value: object) -> str:
    if isinstance(value, tuple):
        return "~".join(_write(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    # A column name may contain the separator of names.
    return str(value).replace("%", "%25").replace("~", "%7E")


def _read(text: str, like: object, name: str) -> object:
    """Parse a setting as the type of another value."""
    if isinstance(like, tuple):
        if not text:
            return []
        like_item = like[0] if like else ""
        return [_read(item, like_item, name) for item in text.split("~")]
    if isinstance(like, bool):
        return text == "true"
    if isinstance(like, str):
        return text.replace("%7E", "~").replace("%25", "%")
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        raise ArgumentError.of(name, text, "a number") from None

"""The settings in an address of the page: those that differ from the defaults of the data.

As in ``data=xor&net.hidden=3``. The page adds its view, and the weights that were changed by hand.
"""

from urllib.parse import parse_qsl, urlencode

from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.playground._default_settings import NETWORKS, by_name, differing, with_settings
from barenet.playground._page_state import HAND_DRAWN, Message, PageState, WeightEdit, check_source
from barenet.playground._wire_format import decode

#: Names in an address besides the settings.
OTHERS = ("networks", "tests", "discrete", "log", "probe", "epoch", "hide", "lesson", "passed")


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
    barenet.errors.ArgumentError: setting: unknown 'net.hiden', did you mean 'net.hidden'? ...
    """
    words = split_address(address)
    source = words.pop("data", PageState().data.source)
    if not is_own:
        check_source(source, HAND_DRAWN)
    types = by_name(PageState(networks=2 * PageState().networks))
    known = [name for name in types if name not in ("source", "rows")]
    known += [*OTHERS, *(f"{prefix}edits" for prefix in NETWORKS)]
    for name in () if is_own else words:
        lookup(dict.fromkeys(known), name, "setting")
    usual = PageState.defaults_for(source, 2 if words.get("networks") == "2" else 1)
    given = {name: words[name] for name in by_name(usual) if name in words}
    read = {name: _read(t, types[name], name.rpartition(".")[2]) for name, t in given.items()}
    return with_settings(usual, read)


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
    source, default = state.data.source, PageState().data.source
    words = {} if source == default else {"data": source}
    words |= {name: _write(value) for name, value in differing(state).items()}
    return urlencode(words | ({"networks": "2"} if state.networks[1:] else {}), safe="~*")


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

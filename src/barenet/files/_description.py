"""Short texts about models and their training data, for `repr` and ``barenet info``."""

from collections.abc import Mapping

from barenet.errors import printable, some
from barenet.model._network import Network
from barenet.model.layers._dense import Dense

#: Maximum number of names or layers that are listed.
MOST_NAMES = 8


def describe_rows(rows: Mapping[str, int]) -> str:
    """The numbers of rows in words: ``"1,200 training rows, 300 test rows"``."""
    return ", ".join(f"{number:,} {rows_name(key)} rows" for key, number in rows.items())


def rows_name(key: str) -> str:
    """The name of a kind of rows; the test rows have the key ``held_out``."""
    return "test" if key == "held_out" else printable(key).replace("_", " ")


def listed(names: tuple[str, ...], noun: str = "") -> str:
    """The number of names, and the first of them."""
    number = f"{len(names)} {noun}{'s' * (len(names) != 1)}" if noun else f"{len(names)}"
    return f"{number}: {some(names, MOST_NAMES)}"


def describe_network(network: Network) -> str:
    """The sizes and activations of a network in a line, without the middle of many layers."""
    steps = [str(network.n_inputs)]
    for layer in network.layers:
        name = str(layer.n_out) if isinstance(layer, Dense) else layer.name
        steps.append(name if layer.activation is None else f"{name} {layer.activation.name}")
    if len(steps) > MOST_NAMES:
        steps[MOST_NAMES // 2 : -1] = [f"… ({len(network.layers)} layers)"]
    return f"{' → '.join(steps)}, {network.n_parameters:,} parameters of {network.dtype}"

"""Mutations: what becomes of bytes and of plain data in the hands of chance, or of an enemy."""

import marshal
import random
import struct
from collections.abc import Sequence
from typing import Any

#: Most bytes of an input; hangs and memory show in small ones, and small ones are fast.
LONGEST = 8192

#: What readers of numbers trip over, whatever their width and order.
NUMBERS = [
    struct.pack(f"{order}{kind}", number)
    for kind, bits in (("B", 8), ("H", 16), ("I", 32), ("Q", 64))
    for number in (0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 1)
    for order in "<>"
] + [struct.pack("<f", number) for number in (float("nan"), float("inf"), -1e38)]

#: The same for plain data: other kinds, other sizes, names of things that are not meant.
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), 2**31, 2**53,
    2**63, 2**64, 10**25, 10**400, "", " ", "\n", "\0", "\ud800", "\u2028", "é", "x" * 300,
    "nan", "1e999", "dense", "relu", "leaky_relu:slope=nan", "elu:alpha=1e400", "normal:std=-1",
    "table", "none", "year", "__class__", "/dev/zero", "..", "1",
    [], {}, [[]], [None], [0], [""], {"": 0},
]  # fmt: skip


def mutated(
    data: bytes, rng: random.Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    """Change bytes in one to four steps, with words of the format and parts of other inputs."""
    for _ in range(rng.choice((1, 1, 1, 1, 1, 2, 3, 4))):
        data = _step(data, rng, rng.choice(words), rng.choice(others))[:LONGEST]
    return data


def _step(data: bytes, rng: random.Random, word: bytes, other: bytes) -> bytes:
    """Replace a part of the bytes, most often a short one."""
    start = rng.randrange(len(data) + 1)
    near = min(len(data), start + int(rng.paretovariate(0.7)))
    part = data[start:near]
    flipped = bytes(byte ^ (1 << rng.randrange(8)) for byte in part[:1])
    replacements = (
        (start + 1, flipped),
        (start + 1, flipped),
        (start + len(word), word),  # of the same length
        (start, word * rng.choice((1, 1, 1, 2, 50))),  # inserted
        (near, word),
        (near, b""),
        (near, part * rng.choice((2, 3, 100))),
        (len(data), b""),  # truncated
        (len(data), other[rng.randrange(len(other) + 1) :]),  # spliced
    )
    end, new = rng.choice(replacements)
    return data[:start] + new + data[end:]


def changed(plain: Any, rng: random.Random) -> Any:
    """Copy plain data, and change one to three places."""
    plain = _copy(plain)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if places := list(_places(plain)):
            _change(*rng.choice(places), rng, places)
    return plain


def _copy(plain: Any) -> Any:
    """Copy plain data, ten times as fast as the library's copy of anything."""
    return marshal.loads(marshal.dumps(plain))


def _places(plain: Any) -> list[tuple[Any, Any]]:
    """Every dict and list, with each of its keys."""
    keys = list(plain) if isinstance(plain, dict) else range(len(plain))
    found = [(plain, key) for key in keys]
    for key in keys:
        if isinstance(plain[key], dict | list):
            found += _places(plain[key])
    return found


def _change(inside: Any, key: Any, rng: random.Random, places: list[tuple[Any, Any]]) -> None:
    kind, value = rng.randrange(8), inside[key]
    if kind == 0:
        del inside[key]
    elif kind == 1 and isinstance(inside, dict):
        inside[rng.choice(("", "name", "extra", "layer", "__metadata__"))] = _copy(value)
    elif kind == 1:
        inside[key:key] = [_copy(value)] * rng.choice((1, 2, 40))
    elif kind == 2:
        holder, other = rng.choice(places)
        if other in holder if isinstance(holder, dict) else other < len(holder):
            inside[key] = _copy(holder[other])
    elif kind == 3 and isinstance(value, int | float) and value == value:
        inside[key] = rng.choice((-value, value + 1, value - 1, value * 1000, str(value)))
    elif kind == 4:
        inside[key] = rng.choice(([value], {"": value}))
    else:
        inside[key] = _copy(rng.choice(VALUES))

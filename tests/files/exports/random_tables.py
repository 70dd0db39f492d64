"""Random tables with every kind of column, every fill and every marker of a missing value."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from predictors import predictor_of

from barenet import Network, Predictor, Scaling, TableEncoding
from barenet.tables.encoding._column_kinds import DAY_PART
from barenet.tables.encoding._encoding import values_of
from barenet.tables.encoding._input_pairs import InputPairs
from barenet.tables.encoding._operations import PARTS, part_of
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._parsing import BOOLEAN_WORDS
from barenet.typing import Ensemble

N_TRAINING, N_ROWS = 30, 44

WORDS = [
    "Oslo", "größer", "數", "🦆", '"); x', "a b", "007", "1", "1.0", "1e0", "-0", "2.50", "True",
    "true", "FALSE", "tRUE", "TruE", "e\u0301", "\u00e9", "%s", "x" * 70, "nan?", "1_000", "\u0661",
    "12345678901234567", "\\",
]  # fmt: skip

OFFSETS = (0, 40.7128, -122.4194, 2013, 1e5 + 0.3, 3e9, 1e-9)
SPREADS = (1, 0.01, 300, 1e6, 1e-7)

Values = list[str]


def random_table(
    rng: np.random.Generator, *, dates: bool, single: bool = False
) -> tuple[Predictor, dict[str, Values]]:
    """A network for a table, and rows as text; its numbers are those of float32 if `single`."""
    markers = [*MISSING, *rng.permutation(["-999", "99.5", "keine", "1e9", "0"])[:2].tolist()]
    kinds = [numbers, truths, categories, codes, zeros_and_ones, constant]
    if dates:
        kinds.append(moments)
    chosen = [kinds[at] for at in rng.permutation(len(kinds))]
    chosen += [kinds[at] for at in rng.integers(len(kinds), size=2)]
    rows = {f"{kind.__name__} {at}": kind(rng) for at, kind in enumerate(chosen)}
    if single:
        names = [name for name in rows if "numbers" in name]
        rows |= {name: [repr(float(np.float32(text))) for text in rows[name]] for name in names}
    named = [name for name in rows if name.startswith("categories")]
    for name, values in rows.items():
        rows[name] = with_markers(rng, values, markers)
    encoding = TableEncoding.fit(
        {name: values[:N_TRAINING] for name, values in rows.items()},
        numbers=str(rng.choice(["standardize", "robust", "minmax", "piecewise"])),
        bins=int(rng.integers(2, 12)),
        rare=float(rng.choice([0, 4])),
        categories=named,
        missing=markers,
    )
    return random_predictor(rng, with_random_inputs(rng, encoding, rows)), rows


def with_random_inputs(
    rng: np.random.Generator, encoding: TableEncoding, rows: dict[str, Values]
) -> TableEncoding:
    """Add some parts of dates, some of their days, and some of the numbers as codes."""
    parts = {}
    codes = {}
    days = {}
    training = {name: values[:N_TRAINING] for name, values in rows.items()}
    for column, values in values_of(encoding, training):
        if column.kind == "date":
            n_parts = int(rng.integers(4))
            parts[column.name] = tuple(rng.permutation([*PARTS])[:n_parts].tolist())
            different = np.unique(part_of(column.filled(values), DAY_PART))
            days[column.name] = tuple(different[:: int(rng.integers(1, 4))].tolist())
        elif column.name.startswith("codes"):
            texts = {text.strip() for text in rows[column.name][:N_TRAINING]}
            present = sorted(float(text) for text in texts if text[-1:].isdigit())
            codes[column.name] = tuple(present[:: int(rng.integers(1, 3))])
    return with_random_pairs(rng, encoding.with_inputs(parts, codes, days))


def with_random_pairs(rng: np.random.Generator, encoding: TableEncoding) -> TableEncoding:
    """Multiply some inputs of two columns of which at most one is 1 in a row."""
    ranges = []
    for column in encoding.used:
        ranges.extend((column.name, inputs) for inputs in column.exclusive_inputs.values())
    all_pairs = []
    for _ in range(rng.integers(3)):
        first, second = rng.choice(len(ranges), size=2)
        first_name, first_inputs = ranges[first]
        second_name, second_inputs = ranges[second]
        products = [*itertools.product(first_inputs, second_inputs)]
        some = rng.permutation(products)[: 1 + rng.integers(len(products))]
        pairs = tuple((int(first), int(second)) for first, second in some)
        all_pairs.append(InputPairs(first_name, second_name, pairs))
    return replace(encoding, pairs=tuple(all_pairs))


def random_predictor(rng: np.random.Generator, encoding: TableEncoding) -> Predictor:
    """One or two networks of random weights, for classes or for numbers far from 0."""
    n_outputs, dtype = int(rng.integers(1, 4)), str(rng.choice(["float32", "float64"]))
    target = None
    classes = ("a", "b", "c")[: max(2, n_outputs)] if rng.random() < 0.5 else None
    output = "identity" if classes is None else "softmax" if n_outputs > 1 else "sigmoid"
    if classes is None:
        offset, factor = rng.choice(OFFSETS, n_outputs), 1 / rng.choice(SPREADS[:4], n_outputs)
        target = Scaling("standardize", offset, factor)
    layers, seed = [encoding.n_inputs, 6, n_outputs], int(rng.integers(999))
    options = {"hidden": "tanh", "output": output, "dtype": dtype}
    networks = [Network.dense(layers, seed=at, **options) for at in (seed, seed + 1)]
    network = Ensemble(networks) if seed % 4 == 0 else networks[0]
    return predictor_of(network, encoding, classes=classes, target_scaling=target)


def with_markers(rng: np.random.Generator, values: Values, markers: Values) -> Values:
    """Take some values out, in the rows of the training, in the others, in both or in none."""
    share = rng.choice([0, 0.2], 2)
    absent = rng.random(N_ROWS) < np.repeat(share, [N_TRAINING, N_ROWS - N_TRAINING])
    absent[:2] = False  # so that there is something to learn
    spaces, others = rng.choice(["", "", " ", "\t"], N_ROWS), rng.choice(markers, N_ROWS)
    parts = zip(spaces, np.where(absent, others, values).tolist(), strict=True)
    return [f"{space}{text}{space}" for space, text in parts]


def numbers(rng: np.random.Generator) -> Values:
    values = rng.normal(rng.choice(OFFSETS), rng.choice(SPREADS), N_ROWS)
    forms: list[Callable[[float], str]] = [repr, "{:+.17e}".format, "{:.60g}".format]
    return [forms[at % 3](value) for at, value in enumerate(values.tolist())]


def codes(rng: np.random.Generator) -> Values:
    offset = int(rng.choice([0, -3, 2_000_000]))
    fraction = ""
    if abs(offset) < 10 and rng.random() < 0.5:
        fraction = ".9"  # of prices such as 36.9, which no float equals
    return [f"{offset + int(code)}{fraction}" for code in rng.integers(0, 9, N_ROWS)]


def truths(rng: np.random.Generator) -> Values:
    pair = BOOLEAN_WORDS[rng.integers(len(BOOLEAN_WORDS))]
    words = [pair[0] if at % 7 else pair[1] for at in range(N_ROWS)]
    if rng.random() < 0.5:
        words = [pair[1] if word == pair[0] else pair[0] for word in words]
    return [word.upper() if rng.random() < 0.3 else word for word in words]


def categories(rng: np.random.Generator) -> Values:
    few = rng.choice(WORDS, 6, replace=False)
    return rng.choice([*few, few[0], few[0]], N_ROWS).tolist()


def zeros_and_ones(rng: np.random.Generator) -> Values:
    return ["1" if rng.random() < 0.7 else "0" for _ in range(N_ROWS)]


def constant(rng: np.random.Generator) -> Values:
    return [str(rng.choice(["7", "same", "2013.5"]))] * N_ROWS


def moments(rng: np.random.Generator) -> Values:
    seconds = rng.normal(rng.choice([0, 1.6e9, -2e9]), rng.choice([1e4, 1e8]), N_ROWS)
    forms = [lambda text: text, lambda text: text[:10], lambda text: f"{text}.25+02:00"]
    layouts = ["%d-%b-%Y", "%b %d, %Y %I:%M %p", "%Y.%m.%d", "%Y-%m", "%H:%M:%S", "%I:%M %p"]
    layout = layouts[rng.integers(len(layouts))]
    forms.append(lambda text: datetime.fromisoformat(text).strftime(layout))
    form: Any = forms[rng.integers(len(forms))]
    return [form(str(np.datetime64(int(each), "s")).replace("T", " ")) for each in seconds]

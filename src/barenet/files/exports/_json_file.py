r"""JSON export: the structure and the numbers of a model, for a program in any language.

Numbers have the fewest digits that restore them exactly. A reader needs these entries:

========================  ==========================================================================
``format``, ``version``   ``"barenet"``, and 1; a reader should refuse another version
``dtype``                 ``"float32"`` or ``"float64"``: the precision of the network
``feature_names``         names of the inputs, in this order; empty if they have none
``answer``                ``"class"``: the largest output is the class; ``"numbers"``: the outputs
                          are the prediction
``classes``               names in the order of the outputs, text or integers; empty for regression
``threshold``             if present, the second of two classes is predicted from this probability
                          on
``steps``                 the operations on a row x, one after the other
========================  ==========================================================================

Each step names its operation in ``do``. Vectors are as long as x and apply elementwise; ``weights``
has one row for each input. After a step, x is:

========================  ==========================================================================
``scale``                 (x - offset) * factor, in double precision
``affine``                x @ weights + bias
``normalize``             gain * (x - mean) / deviation + bias
``normalize_row``         gain * (x - m) / sqrt(v + epsilon) + bias, with the mean m and the
                          variance v of x (over n)
``prelu``                 x where it is above 0, else slopes * x
``both``                  (1 - x0, x0)
``unscale``               x / factor + offset, in double precision
``keep``, ``add``,        the mean of several networks: ``keep`` keeps x and starts a total of 0;
``total``                 ``add`` adds weight * x to the total and goes back to the kept x; after
                          ``total``, x is the total
``softmax``               exp(x) over the sum of all; subtract the largest x first
any other name            the activation of that name, as the page "Mathematics" lists it, with its
                          options; a user-defined one has its ``formula``, in terms of Z
========================  ==========================================================================

The document of a table begins with a step ``encode``, with a record for each column. Its `kind`
determines the outputs of a value x:

number
    (x - center) / scale, with `fill` where x is missing; with `indicator` one more output, 1 where
    x is missing and 0 otherwise. `form` is the text that 1234.5 has in the table, such as
    ``1.234,5``, or ``duration``.
piecewise
    As for a number, but before the indicator an output for each piece between two neighbors a and b
    of `edges`: (x - a) / (b - a), not below 0 nor above 1, but -1 in the first piece and 2 in the
    last. With `clip`, the first output does not go on beyond these, a piece before the first edge
    and after the last. With `codes`, one more output for each of these numbers, 1 where x equals
    it, else 0, and one more for all other numbers.
boolean
    1 for true, 0 for false, `fill` where it is missing; with `indicator` as above.
category
    One output for each of `categories`, 1 for the category of the row; with `rare` one more for all
    others; with `missing` one more for missing values. Equal are: equal numbers, and decimals below
    100,000 that are equal as float32; the spellings of ``True``, and of ``False``; texts that are
    equal in Unicode's normal form NFC with no-break spaces (U+00A0, U+2007, U+202F) as ordinary
    ones. The first of equal categories counts.
words
    One output for each of `words`, 1 if it occurs in the text, else 0; with `missing` one more for
    missing values, whose other outputs are 0.
date
    (s - center) / scale with the seconds s since 1970; with `edges` as for piecewise numbers with
    `clip`; then sin and cos of 2 pi times the elapsed fraction of each of `cycles`; for each of
    `parts` 12 outputs (``month``), 7 (``weekday``, from Monday) or 24 (``hour``), 1 for that of the
    date; for each of `days`, in days since 1970, 1 on this day; `fill` and `indicator` as above.
    `order` is ``dmy`` or ``mdy`` where dates begin with the day or the month; `time` allows times
    of day alone, as of 1970-01-01; a format is that of Python's `strptime`.

If pairs of columns have inputs, a step ``multiply`` follows: for each index in `first` and the
one at the same place in `second`, the product of the two numbers is one more number, behind those
of the columns. Texts are split into words in lower case and in NFC; in JavaScript, by ::

    text.toLowerCase().normalize("NFC").match(
      /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:(?<=[0-9])[.,](?=[0-9])[\p{L}\p{N}\p{M}]+)*/gu
    ) ?? []

A value is missing if it equals one of the list `missing`, or of `missing_texts` of its column, as
text, number or date. In numbers, booleans and dates, the markers of the page "Tables" are missing
values, too. `date_format` is the ``--date-format`` of the training table, or an object with the
formats by column.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import declared
from barenet._version import __version__
from barenet.files.exports._inference_program import Program, Step
from barenet.files.exports._source_text import bracketed, decimal

#: Increased when older readers would fail.
VERSION = 1


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as JSON."""
    head: dict[str, Any] = {
        "format": "barenet",
        "version": VERSION,
        "written_by": f"barenet {__version__}",
        "dtype": str(program.dtype),
        "n_inputs": program.n_inputs,
        "n_outputs": program.n_outputs,
        "feature_names": program.feature_names,
        "target_name": program.target_name,
        "dataset": program.dataset,
        "image_shape": program.image_shape,
        "answer": program.answer,
        "classes": program.classes,
    }
    if program.threshold is not None:
        head["threshold"] = program.threshold
    if program.card:
        head["card"] = program.card
    lines = ["{"]
    for name, value in head.items():
        lines.append(f"  {json.dumps(name)}: {json.dumps(value)},")
    if program.steps:
        steps = ",\n".join(_step(step) for step in program.steps)
        lines.append(f'  "steps": [\n{steps}\n  ]')
    else:
        lines.append('  "steps": []')
    lines.append("}\n")
    return {".json": "\n".join(lines).encode()}


def _step(step: Step) -> str:
    """Write a step: its name, then its options and arrays."""
    name = step.name
    parts = step.parts
    if name == "apply":
        activation = parts["activation"]
        name = activation.name
        parts = option_values(activation)
        if not type(activation).__module__.startswith("barenet."):
            parts = {"formula": declared(activation, "formula")} | parts
    entries = {"do": json.dumps(name)}
    if name == "encode":
        encoding = parts["encoding"]
        records = [f"        {json.dumps(column.to_dict())}" for column in encoding.used]
        columns = ",\n".join(records)
        entries["missing"] = json.dumps(encoding.missing)
        entries["columns"] = f"[\n{columns}\n      ]"
    for key, part in parts.items():
        if isinstance(part, np.ndarray):
            entries[key] = _array(part)
        elif isinstance(part, str | int | float | dict):
            entries[key] = json.dumps(part)
    lines = [f'      "{key}": {value}' for key, value in entries.items()]
    text = ",\n".join(lines)
    return f"    {{\n{text}\n    }}"


def _array(values: NDArray[Any]) -> str:
    """Write a vector, or a matrix with one line per row."""
    if values.ndim == 2:
        rows = ",\n".join(f"        {_array(row)}" for row in values)
        return f"[\n{rows}\n      ]"
    numbers = [decimal(value) for value in values]
    text = bracketed(numbers, 90, " " * 6)
    # JSON has no comma after the last number of a list on several lines.
    return text.replace(",\n      ]", "\n        ]")

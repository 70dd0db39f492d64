"""The export for Python: one file, to be read as well as run, that needs NumPy alone.

It computes with the NumPy operations that the network itself uses, in the same order, so its
outputs are those of `Network.forward`, to the last bit. Small arrays are written as text, large
ones as base64.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import options_of
from barenet.data.columns import DateColumn
from barenet.files.exports.encode import Encode
from barenet.files.exports.names import python_string, words
from barenet.files.exports.numerals import WIDTH, decimal, flow
from barenet.files.exports.program import Program
from barenet.files.exports.python_parts import (
    ACTIVATIONS,
    ARRAYS,
    CHECK,
    DECODE,
    EXPRESSIONS,
    MAIN,
    NEEDS,
    NORMALIZE,
    PREDICT,
    READ,
)
from barenet.files.exports.python_tables import MODULES, READ_TABLE, encode_functions
from barenet.files.exports.steps import (
    Affine,
    Apply,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
)
from barenet.model.activations import GELU, Activation
from barenet.version import __version__

__all__ = ["render"]

#: Most numbers of an array that stand there as text.
READABLE = 64


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as Python."""
    if stem in sys.stdlib_module_names or stem == "numpy":
        raise ValueError(
            f"path: {stem}.py would be imported in the place of the module {stem}, by NumPy, too; "
            "choose another name"
        )
    arrays = _arrays(program)
    encoded = any("decode(" in text for text in arrays)
    parts = [
        _head(program, stem, encoded),
        *_functions(program),
        _outputs(program),
        _predict(program),
        *(encode_functions(program.table) if program.table else []),
        *([DECODE] if encoded else []),
        *(["\n".join(arrays)] if arrays else []),
        READ if program.table is None else READ_TABLE,
        MAIN[program.table is not None, program.answer],
    ]
    text = "\n\n\n".join(part.strip("\n") for part in parts)
    return {".py": (text + "\n").encode("utf-8")}


def _head(program: Program, stem: str, encoded: bool) -> str:
    """Say what it is, and import what it needs."""
    name, from_what = words(stem), words(program.dataset)
    learned = f", after it has learned from {from_what}" if from_what else ""
    maths = ["math"] if _uses(program, GELU) else []
    modules = sorted({"csv", "os", "sys", *maths, *(MODULES if program.table else ())})
    columns = program.table.columns if program.table else ()
    dates = any(isinstance(column, DateColumn) for column in columns)
    usage = [(f"python {name}.py rows.csv > answers.csv", "answers for the rows of a table")]
    if stem.isidentifier():
        usage += [(f"import {name}; {name}.predict(X)", "for those of an array")]
    width = max(len(code) for code, _ in usage)
    lines = "\n".join(f"    {code:<{width}}    {what}" for code, what in usage)
    values = "values" if program.table else "numbers"
    return f'''"""{name}: what a network says of rows of {program.n_inputs} {values}{learned}.

{lines}

    {program.sketch()}

Written by barenet {__version__}. It needs Python {"3.11" if dates else "3.9"} and NumPy.
"""

{_imports(modules, encoded, dates)}

import numpy as np

N_INPUTS = {program.n_inputs}

#: What goes in, in this order, if the columns have names.
FEATURES = {_list(program.feature_names)}{_classes(program)}'''


def _imports(modules: Iterable[str], encoded: bool, dates: bool) -> str:
    lines = [f"import {module}" for module in modules]
    lines += ["from base64 import b64decode"] if encoded else []
    return "\n".join([*lines, *(["from datetime import datetime, timezone"] if dates else [])])


def _classes(program: Program) -> str:
    if not program.classes:
        return ""
    return f"\n\n#: What may come out.\nCLASSES = {_list(program.classes)}"


def _list(names: Iterable[str | int]) -> str:
    items = [python_string(name) if isinstance(name, str) else str(name) for name in names]
    line = f"[{', '.join(items)}]"
    return line if len(line) < WIDTH - 10 else f"[\n{flow(items)}\n]"


def _functions(program: Program) -> list[str]:
    """The functions that the steps call, each once."""
    kinds: dict[type[Activation], None] = {}
    for step in program.steps:
        if isinstance(step, Apply):
            kind = type(step.activation)
            kinds |= dict.fromkeys([*NEEDS.get(kind, ()), kind])
    rows = any(isinstance(step, NormalizeRow) for step in program.steps)
    return [*([NORMALIZE] if rows else []), *(ACTIVATIONS[kind] for kind in kinds)]


def _uses(program: Program, kind: type[Activation]) -> bool:
    return any(isinstance(step, Apply) and type(step.activation) is kind for step in program.steps)


def _outputs(program: Program) -> str:
    """The function that goes from raw rows through all steps."""
    what = "numbers" if program.answer == "numbers" else "a probability for each class"
    values = "values" if program.table else "numbers"
    body = "\n".join(f"    {line}" for line in _lines(program))
    return f'''\
def {_outputs_name(program)}(X):
    """Turn rows of {program.n_inputs} {values} into rows of {program.n_outputs}: {what}."""
{"" if program.table else CHECK}{body}
    return X'''


def _outputs_name(program: Program) -> str:
    return "outputs" if program.answer == "numbers" else "probabilities"


def _predict(program: Program) -> str:
    what = words(program.target_name) or "a number"
    return PREDICT[program.answer].format(outputs=_outputs_name(program), what=what)


def _lines(program: Program) -> list[str]:
    """Write a line for each step; an activation goes around the product that it follows."""
    first = program.steps[0] if program.steps else None
    lines = [] if isinstance(first, Scale | Encode) else [f"X = X.astype(np.{program.dtype})"]
    before: Step | None = None
    for number, step in _numbered(program):
        if isinstance(step, Apply):
            argument = lines.pop().removeprefix("X = ") if isinstance(before, Affine) else "X"
            lines.append(f"X = {_call(step.activation, argument)}")
        else:
            expression = EXPRESSIONS[type(step)]
            lines.append(
                "X = " + expression.format(n=number, **{**vars(step), "dtype": program.dtype})
            )
        before = step
    return lines


def _call(activation: Activation, argument: str) -> str:
    options = (
        f"{option.name}={getattr(activation, option.name)!r}" for option in options_of(activation)
    )
    return f"{activation.name}({', '.join([argument, *options])})"


def _numbered(program: Program) -> Iterator[tuple[int, Step]]:
    """The steps; those with parameters are counted, from 1."""
    number = 0
    for step in program.steps:
        number += isinstance(step, Affine | Normalize | NormalizeRow)
        yield number, step


def _arrays(program: Program) -> list[str]:
    """Write what the lines name."""
    lines = []
    for number, step in _numbered(program):
        for name, value in vars(step).items():
            if isinstance(value, np.ndarray):
                lines.append(f"{ARRAYS[type(step)].format(name.upper(), number)} = {_array(value)}")
    return lines


def _array(values: NDArray[Any]) -> str:
    """Write an array as text where that can be read, else as its bytes."""
    dtype = f"np.{values.dtype}"
    if values.size > READABLE:
        data = b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()
        lines = "\n".join(wrap(data, WIDTH))
        return f'decode({dtype}, {values.shape}, """\n{lines}\n""")'
    rows = [", ".join(map(decimal, row)) for row in np.atleast_2d(values)]
    if values.ndim == 1:
        text = f"[{rows[0]}]" if len(rows[0]) < WIDTH - 30 else f"[\n{flow(rows[0].split(', '))}\n]"
    else:
        text = "[\n" + "\n".join(_row(row) for row in rows) + "\n]"
    return f"np.array({text}, {dtype})"


def _row(row: str) -> str:
    """A row of a matrix, in a line where it fits into one."""
    if len(row) < WIDTH:
        return f"    [{row}],"
    return f"    [\n{flow(row.split(', '), ' ' * 8)}\n    ],"

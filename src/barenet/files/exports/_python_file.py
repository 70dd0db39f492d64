"""Python export: one file, to be read as well as run, that needs NumPy alone.

It computes with the NumPy operations that the network itself uses, in the same order, so its
outputs are those of `Network.forward`, to the last bit. Small arrays are written as text, large
ones as base64.
"""

from __future__ import annotations

import inspect
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.data._column import Column
from barenet.data._column_types import DateColumn
from barenet.errors import ArgumentError
from barenet.files.exports import _python_runtime as python_runtime
from barenet.files.exports._activation_code import python_activation
from barenet.files.exports._inference_program import Program
from barenet.files.exports._source_text import WIDTH, decimal, flow, python_string, words
from barenet.files.exports._steps import (
    Affine,
    Apply,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.files.exports._table_encode_step import TableEncodeStep

__all__ = ["render"]

#: Most numbers of an array that are written as text.
READABLE = 64

#: The functions that a file may call.
_RUNTIME = {
    name: function
    for name, function in inspect.getmembers(python_runtime, inspect.isfunction)
    if function.__module__ == python_runtime.__name__
}

#: Imports, by the name that the code uses.
IMPORTS = {
    **{name: f"import {name}" for name in ("csv", "math", "os", "re", "sys")},
    "b64decode": "from base64 import b64decode",
    "datetime": "from datetime import datetime, timezone",
    "Any": "from typing import Any",
}

#: The line of each step, in which X comes from the step before.
_LINES: dict[str, str] = {
    "encode": "encode(X)",
    "scale": "((X - OFFSET) * FACTOR).astype(np.{dtype})",
    "affine": "X @ WEIGHTS_{n} + BIAS_{n}",
    "normalize": "GAIN_{n} * ((X - MEAN_{n}) / DEVIATION_{n}) + BIAS_{n}",
    "normalize_row": "GAIN_{n} * normalize(X, {epsilon!r}) + BIAS_{n}",
    "both": "np.hstack([1 - X, X])",
    "unscale": "X / TARGET_FACTOR + TARGET_OFFSET",
}


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as Python."""
    if stem in sys.stdlib_module_names or stem == "numpy":
        raise ArgumentError(
            f"{stem}.py would be imported in the place of the module {stem}, by NumPy, too",
            argument="path",
            value=stem,
            remedy="choose another name",
        )
    lines, functions = _lines(program)
    name = "outputs" if program.answer == "numbers" else "probabilities"
    arrays = "\n".join(_arrays(program))
    encode = [_encode(program.table)] if program.table else []
    main = _source("main").replace("class_answers", f"{program.answer}_answers")
    code = [*functions.values(), _outputs(program, name, lines), _predict(program), *encode]
    before = _called("\n".join([*code, arrays]))
    after = {name: text for name, text in _called(main).items() if name not in before}
    parts = [*code, *before.values(), arrays, *after.values(), main]
    body = "\n\n\n".join(part.strip("\n") for part in parts if part)
    text = f'{_head(program, stem, body)}\n\n\n{body}\n\n\nif __name__ == "__main__":\n    main()\n'
    return {".py": text.encode("utf-8")}


def _source(name: str) -> str:
    return inspect.getsource(_RUNTIME[name])


def _called(code: str) -> dict[str, str]:
    """Source of each runtime function that code calls, directly or not."""
    found: dict[str, str] = {}
    for name in re.findall(r"\b(\w+)\(", code):
        if name in _RUNTIME and name not in found and f"def {name}(" not in code:
            found[name] = _source(name)
            found |= {key: text for key, text in _called(found[name]).items() if key not in found}
    return found


def _head(program: Program, stem: str, body: str) -> str:
    """Docstring, imports and constants."""
    name, dataset = words(stem), words(program.dataset)
    trained = f", from a network trained on {dataset}" if dataset else ""
    columns = program.table.columns if program.table else ()
    dates = any(isinstance(column, DateColumn) for column in columns)
    usage = [(f"python {name}.py rows.csv > answers.csv", "answers for the rows of a table")]
    if stem.isidentifier():
        usage += [(f"import {name}; {name}.predict(X)", "for those of an array")]
    width = max(len(code) for code, _ in usage)
    examples = "\n".join(f"    {code:<{width}}    {what}" for code, what in usage)
    values = "values" if program.table else "numbers"
    used = [line for key, line in IMPORTS.items() if re.search(rf"\b{key}\b", body)]
    abc = [name for name in ("Iterable", "Sequence") if re.search(rf"\b{name}\[", body)]
    used += [f"from collections.abc import {', '.join(abc)}"] if abc else []
    imports = "\n".join(sorted(used, key=lambda line: (line.startswith("from"), line)))
    constants = f"\nCLASSES = {_list(program.classes)}\n" if program.classes else ""
    if program.table:
        constants += (
            f"\n#: Markers of missing values.\nMISSING = {_list(program.table.encoding.missing)}"
        )
    return f'''"""{name}: predictions for rows of {program.n_inputs} {values}{trained}.

{examples}

    {program.sketch()}

Written by barenet {__version__}. It needs Python {"3.11" if dates else "3.9"} and NumPy.
"""

from __future__ import annotations

{imports}

import numpy as np

N_INPUTS = {program.n_inputs}

#: Inputs, in this order, if the columns have names.
FEATURES = {_list(program.feature_names)}
{constants}'''.rstrip()


def _list(names: Iterable[str | int], indent: str = "") -> str:
    items = [python_string(name) if isinstance(name, str) else str(name) for name in names]
    line = f"[{', '.join(items)}]"
    width = WIDTH // 2 if indent else WIDTH - 10
    return line if len(line) < width else f"[\n{flow(items, indent + '    ')}\n{indent}]"


def _outputs(program: Program, name: str, lines: list[str]) -> str:
    """The function that goes from raw rows through all steps."""
    what = "numbers" if program.answer == "numbers" else "a probability for each class"
    values = "values" if program.table else "numbers"
    body = "\n".join(f"    X = {line}" for line in lines)
    return f'''\
def {name}(X):
    """Turn rows of {program.n_inputs} {values} into rows of {program.n_outputs}: {what}."""
{body}
    return X'''


def _predict(program: Program) -> str:
    name = f"predict_{program.answer}"
    target = words(program.target_name)
    text = _source(name).replace(name, "predict").replace("X: Any) -> np.ndarray", "X)")
    return text.replace("The prediction", f"The prediction of {target}") if target else text


def _lines(program: Program) -> tuple[list[str], dict[str, str]]:
    """An expression for each step, and the functions of activations.

    An activation goes around the product before it.
    """
    first = program.steps[0] if program.steps else None
    lines = [] if program.table else ["check(X)"]
    functions: dict[str, str] = {}
    if not isinstance(first, Scale | TableEncodeStep):
        lines.append(f"X.astype(np.{program.dtype})")
    before: Step | None = None
    for number, step in _numbered(program):
        if isinstance(step, Apply):
            argument = lines.pop() if isinstance(before, Affine) else "X"
            call, definition = python_activation(step.activation, argument, _RUNTIME)
            lines.append(call)
            functions |= {definition: definition} if definition else {}
        else:
            fields = {**vars(step), "dtype": program.dtype}
            lines.append(_LINES[step.name].format(n=number, **fields))
        before = step
    return lines, functions


def _numbered(program: Program) -> Iterator[tuple[int, Step]]:
    """The steps; those with parameters are counted, from 1."""
    number = 0
    for step in program.steps:
        number += isinstance(step, Affine | Normalize | NormalizeRow)
        yield number, step


def _arrays(program: Program) -> Iterator[str]:
    """The constants of all steps."""
    for number, step in _numbered(program):
        for name, value in vars(step).items():
            if isinstance(value, np.ndarray):
                ending = "" if isinstance(step, Scale | Unscale) else f"_{number}"
                prefix = "TARGET_" if isinstance(step, Unscale) else ""
                yield f"{prefix}{name.upper()}{ending} = {_array(value)}"


def _array(values: NDArray[Any]) -> str:
    """Write an array as text where that can be read, else as its bytes."""
    dtype = f"np.{values.dtype}"
    if values.size > READABLE:
        data = b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()
        lines = "\n".join(wrap(data, WIDTH))
        return f'decode({dtype}, {values.shape}, """\n{lines}\n""")'
    if values.ndim == 1:
        return f"np.array({_row(values, '', WIDTH - 30)}, {dtype})"
    rows = "\n".join(f"    {_row(row, '    ', WIDTH - 2)}," for row in values)
    return f"np.array([\n{rows}\n], {dtype})"


def _row(values: NDArray[Any], indent: str, width: int) -> str:
    """A list of numbers, in a line where it fits into one."""
    items = list(map(decimal, values))
    line = ", ".join(items)
    if len(line) < width:
        return f"[{line}]"
    return f"[\n{flow(items, f'{indent}    ')}\n{indent}]"


def _encode(step: TableEncodeStep) -> str:
    """The function that encodes rows."""
    lines = "\n".join(f"        *{_column(each, at)}," for at, each in enumerate(step.columns))
    return f'''\
def encode(rows):
    """Turn rows, each a list of values in the order of FEATURES, into the network's numbers."""
    X = columns_of(rows)
    return np.column_stack([
{lines}
    ]).astype(np.{step.dtype})
'''


def _column(column: Column, at: int) -> str:
    """Call the function of a column, with the fields of its record."""
    fields = column.to_dict()
    kind, _ = fields.pop("kind"), fields.pop("name")
    options = [
        f"{name}={_list(value, ' ' * 8) if isinstance(value, list) else repr(value)}"
        for name, value in fields.items()
    ]
    return f"{kind}({', '.join([f'X[{at}]', *options])})"

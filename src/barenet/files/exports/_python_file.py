"""Python export: a single, readable file that only needs NumPy.

It computes with the same NumPy operations as the network itself, in the same order, so its outputs
equal those of `Network.forward` to the last bit. Small arrays are written as text, large ones as
base64. The file of a table contains the modules of the library that read its values.
"""

import ast
import inspect
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from string import Template
from textwrap import wrap
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files.exports import (
    _python_dates as python_dates,
    _python_functions as python_functions,
    _python_values as python_values,
)
from barenet.files.exports._activation_code import python_activation
from barenet.files.exports._inference_program import Program, Step, steps_of_column
from barenet.files.exports._source_text import WIDTH, bracketed, decimal, template, words
from barenet.tables.encoding import _operations as operations
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
)
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames import _plain_values as plain_values
from barenet.tables.reading import (
    _date_reading as date_reading,
    _missing_texts as missing_texts,
    _number_forms as number_forms,
    _parsing as parsing,
    _words as word_splitting,
)

#: Maximum size of an array that is written as text.
MAX_READABLE_NUMBERS = 64

#: The functions that a file contains if it calls them.
_FUNCTIONS = (
    python_functions.check,
    python_functions.decode,
    python_functions.sigmoid,
    python_functions.softplus,
    python_functions.normal,
    python_functions.normalize,
)

#: The imports of these functions.
_IMPORTS = {"decode": "from base64 import b64decode", "normal": "import math"}

#: Imports that come before others, and after them.
_RANKS = {"from __future__": 0, "import numpy as np": 2, "from numpy.typing": 3}

#: Names of the arrays of a step; the other names end with the number of the layer.
_NAMES = {"scale": "{}", "multiply": "{}", "unscale": "TARGET_{}"}

#: The lines of each step, in which X is the result of the previous step.
_LINES: dict[str, list[str]] = {
    "encode": ["X = encode(X)"],
    "multiply": ["X = np.hstack([X, X[:, FIRST] * X[:, SECOND]])"],
    "scale": ["X = ((X - OFFSET) * FACTOR).astype(np.{dtype})"],
    "affine": ["X = X @ WEIGHTS_{n} + BIAS_{n}"],
    "normalize": ["X = GAIN_{n} * ((X - MEAN_{n}) / DEVIATION_{n}) + BIAS_{n}"],
    "normalize_row": ["X = GAIN_{n} * normalize(X, {epsilon!r}) + BIAS_{n}"],
    "prelu": ["X = np.where(X > 0, X, SLOPES_{n} * X)"],
    "both": ["X = np.hstack([1 - X, X])"],
    "unscale": ["X = X / TARGET_FACTOR + TARGET_OFFSET"],
    "keep": ["inputs = X", "total = 0.0"],
    "add": ["total = total + {weight!r} * X", "X = inputs"],
    "total": ["X = total"],
}

_CLASS_OF = '''\
def predict(X):
    """Predict the most probable class of each row."""
    return np.array(CLASSES)[probabilities(X).argmax(axis=1)]'''

_SECOND_FROM = '''\
def predict(X):
    """Predict the second class from a probability of {0!r} on, otherwise the first."""
    return np.array(CLASSES)[(probabilities(X)[:, 1] >= {0!r}).astype(int)]'''

_NUMBER_OF = '''\
def predict(X):
    """Predict the number of each row."""
    return outputs(X)[:, 0]'''

_NUMBERS_OF = '''\
def predict(X):
    """Predict the numbers of each row."""
    return outputs(X)'''


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as Python."""
    if stem in sys.stdlib_module_names or stem == "numpy":
        problem = f"{stem}.py would be imported in the place of the module {stem}, by NumPy, too"
        raise ArgumentError(problem, argument="path", remedy="choose another name")
    arrays = "\n".join(_arrays(program))
    computation = _computation(program)
    imports = ["import numpy as np"]
    sections = []
    for function in _FUNCTIONS:
        name = function.__name__
        if f"{name}(" in arrays + computation:
            sections.append(inspect.getsource(function))
            if name in _IMPORTS:
                imports.append(_IMPORTS[name])
    sections.append(arrays)
    if program.table:
        imports.append("from __future__ import annotations")  # for older versions of Python
        for module in _modules(program.table, program.number_form):
            module_imports, source = _split(module)
            imports += module_imports
            sections.append(source)
        sections.append(_encode(program, program.table))
    sections += [computation, _predict(program)]
    body = "\n\n\n".join(section.strip("\n") for section in sections if section)
    head = _head(program, stem)
    head["imports"] = _merged(imports)
    text = Template(template("python_file.template")).substitute(head, body=body)
    return {".py": text.encode("utf-8")}


def _predict(program: Program) -> str:
    """Write the function `predict`."""
    if program.threshold is not None:
        return _SECOND_FROM.format(program.threshold)
    if program.classes:
        return _CLASS_OF
    return _NUMBER_OF if program.n_outputs == 1 else _NUMBERS_OF


def _modules(table: TableEncoding, number_form: str) -> Iterator[ModuleType]:
    """Return the modules of the library that read the values of a table, in their order."""
    columns = table.used
    yield plain_values
    yield missing_texts
    yield parsing
    if number_form or any(isinstance(column, NumberColumn) and column.form for column in columns):
        yield number_forms
    if any(isinstance(column, WordsColumn) for column in columns):
        yield word_splitting
    yield python_values
    if any(isinstance(column, DateColumn) for column in columns):
        yield date_reading
        yield python_dates
    yield operations


def _split(module: ModuleType) -> tuple[list[str], str]:
    """Return the imports of a module from other packages, and its source below the imports."""
    source = inspect.getsource(module)
    imports = []
    n_lines = 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            n_lines = node.end_lineno or 0
            line = ast.unparse(node)
            if not line.startswith("from barenet."):
                imports.append(line)
    return imports, "\n".join(source.splitlines()[n_lines:])


def _merged(imports: list[str]) -> str:
    """Write imports in order, with one line for each module."""
    names_of_modules: dict[str, set[str]] = {}
    for line in imports:
        module, _, names = line.partition(" import ")
        names_of_modules.setdefault(module, set()).update(names.split(", "))
    lines = []
    for module in sorted(names_of_modules, key=lambda line: (_RANKS.get(line, 1), line)):
        names = ", ".join(sorted(names_of_modules[module]))
        lines.append(f"{module} import {names}" if names else module)
    return "\n".join(lines)


def _head(program: Program, stem: str) -> dict[str, str | int]:
    """Write the parts of the docstring, and the constants."""
    dataset = words(program.dataset)
    trained = f", from a network trained on {dataset}" if dataset else ""
    constants = f"\nCLASSES = {_list(program.classes)}\n" if program.classes else ""
    if program.table:
        markers = _list(program.table.missing)
        constants += f"\n#: Markers of missing values.\nMARKERS = {markers}\n"
    usage = "Call predict(X) with rows, each a list of numbers"
    if program.table:
        usage = "Call predict(X) with rows, each a list of values or of their texts"
    return {
        "name": words(stem),
        "usage": f"{usage}, in the order of FEATURES." if program.feature_names else f"{usage}.",
        "values": _input_count(program),
        "trained": trained,
        "sketch": program.sketch(),
        "version": __version__,
        "python": "3.9",
        "n_inputs": program.n_inputs,
        "features": _list(program.feature_names),
        "constants": constants,
    }


def _input_count(program: Program) -> str:
    """Write how many values or numbers a row has."""
    return f"{program.n_inputs} values" if program.table else f"{program.n_inputs} numbers"


def _list(names: Iterable[str | float], indent: str = "") -> str:
    width = WIDTH // 2 if indent else WIDTH - 10
    items = [repr(name) for name in names]
    return bracketed(items, width, indent)


def _computation(program: Program) -> str:
    """Write the function that computes all steps, starting from raw rows."""
    lines = []
    if not program.table:
        lines.append("X = check(X, N_INPUTS)")
    if not program.first:
        lines.append(f"X = X.astype(np.{program.dtype})")
    for number, step in program.numbered():
        if step.name == "apply":
            activation = step.parts["activation"]
            lines.append(f"# {words(activation.name)}")
            lines.extend(f"X = {expression}" for expression in python_activation(activation))
        else:
            lines.extend(
                line.format(n=number, dtype=program.dtype, **step.parts)
                for line in _LINES[step.name]
            )
    name = "outputs"
    content = "numbers"
    if program.classes:
        name = "probabilities"
        content = "a probability for each class"
    body = "\n".join(f"    {line}" for line in lines)
    return f'''\
def {name}(X):
    """Turn rows of {_input_count(program)} into rows of {program.n_outputs}: {content}."""
{body}
    return X'''


def _encode(program: Program, table: TableEncoding) -> str:
    """Write the function that encodes rows."""
    lines: list[str] = []
    for at, column in enumerate(table.used):
        lines += ["", f"x = {_values_of(column, f'columns[{at}]', program)}"]
        lines += _encoded(column)
    body = "\n".join(f"    {line}".rstrip() for line in lines)
    return f'''\
def encode(rows):
    """Turn rows, each a list of values in the order of FEATURES, into the network's numbers."""
    columns = columns_of(rows, FEATURES)
    inputs = {{}}
{body}

    return joined(inputs).astype(np.{program.dtype})'''


def _values_of(column: Column, values: str, program: Program) -> str:
    """Write the call that reads the values of a column."""
    markers = f"[*MARKERS, *{_list(column.missing_texts)}]" if column.missing_texts else "MARKERS"
    if isinstance(column, CategoryColumn | WordsColumn):
        return f"labels({values}, {markers})"
    head = f"{values}, {column.name!r}, {markers}"
    if isinstance(column, BooleanColumn):
        return f"truths({head})"
    if isinstance(column, NumberColumn):
        return f"numbers({head}, {_reader_of(column, program)})"
    assert isinstance(column, DateColumn)
    assert program.first is not None
    formats = program.first.parts["date_format"]
    date_format = formats.get(column.name) if isinstance(formats, dict) else formats
    if date_format is None:
        return f"dates({head}, {column.order!r})"
    return f"dates({head}, {column.order!r}, {date_format!r})"


def _reader_of(column: NumberColumn, program: Program) -> str:
    """Write the function that reads the texts of a column of numbers."""
    if column.form == number_forms.DURATION:
        return "read_duration"
    form = column.form or program.number_form
    if not form:
        return "read_number_or_limit"
    return f"lambda text: read_number_or_limit(text, number_reader({form!r}))"


def _encoded(column: Column) -> Iterator[str]:
    """Write the lines that compute the inputs of a column."""
    inputs = []
    is_date = isinstance(column, DateColumn)
    for step in steps_of_column(column):
        if step.name == "fill":
            value = step.parts["value"]
            if is_date:
                yield f"date = filled(x, np.datetime64({value.astype(int)}, 'us'))"
                yield "number = seconds(date)"
            else:
                yield f"number = filled(x, {value!r})"
        elif step.name == "one_hot":
            categories = _list(step.parts["categories"], "    ")
            yield "index = indices(x, {}, {others}, {missing})".format(categories, **step.parts)
            inputs.append("one_hot(index, {n_inputs})".format(**step.parts))
        elif step.name == "words":
            yield "rows_of_words = [words_of(text) for text in x]"
            yield f"vocabulary = {_list(step.parts['words'], '    ')}"
            inputs.append("[[word in row for word in vocabulary] for row in rows_of_words]")
        else:
            inputs.append(_input_of(step, column))
    yield f"inputs[{column.name!r}] = {bracketed(inputs, WIDTH - 30, '    ')}"


def _input_of(step: Step, column: Column) -> str:
    """Write the expression of the inputs of a step of a column."""
    parts = step.parts
    if step.name == "scale":
        arguments = f"number, {parts['center']!r}, {parts['scale']!r}"
        if np.isfinite(parts["low"]):
            arguments += f", {parts['low']!r}, {parts['high']!r}"
        return f"scaled({arguments})"
    if step.name == "positions":
        return f"positions(number, {_list(parts['edges'], ' ' * 8)})"
    if step.name == "equals":
        value = f"part_of(date, {parts['part']!r})" if parts["part"] else "number"
        others = ", others=True" if parts["others"] else ""
        return f"equals({value}, {_list(parts['numbers'], ' ' * 8)}{others})"
    if step.name == "waves":
        return f"waves(date, {parts['cycle']!r})"
    assert step.name == "missing"
    return "x == ''" if isinstance(column, WordsColumn) else "np.isnan(x)"


def _arrays(program: Program) -> Iterator[str]:
    """Write the constants of all steps."""
    for number, step in program.numbered():
        name_of = _NAMES.get(step.name, f"{{}}_{number}")
        for name, part in step.parts.items():
            if isinstance(part, np.ndarray):
                yield f"{name_of.format(name.upper())} = {_array(part)}"


def _array(values: NDArray[Any]) -> str:
    """Write an array as text if that is readable, and as its bytes otherwise."""
    dtype = f"np.{values.dtype}"
    if values.size > MAX_READABLE_NUMBERS:
        little_endian = values.astype(values.dtype.newbyteorder("<"))
        data = b64encode(little_endian.tobytes()).decode()
        wrapped = "\n".join(wrap(data, WIDTH))
        return f'decode({dtype}, {values.shape}, """\n{wrapped}\n""")'
    if values.ndim == 1:
        numbers = [decimal(number) for number in values]
        return f"np.array({bracketed(numbers, WIDTH - 28)}, {dtype})"
    lines = []
    for row in values:
        numbers = [decimal(number) for number in row]
        lines.append(f"    {bracketed(numbers, WIDTH, '    ')},")
    rows = "\n".join(lines)
    return f"np.array([\n{rows}\n], {dtype})"

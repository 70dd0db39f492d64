"""Python export: a single, readable file that only needs NumPy.

It computes with the same NumPy operations as the network itself, in the same order, so its outputs
equal those of `Network.forward` to the last bit. Small arrays are written as text, large ones as
base64.
"""

import ast
import inspect
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from string import Template
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files.exports import _python_runtime as python_runtime
from barenet.files.exports._activation_code import python_activation
from barenet.files.exports._inference_program import Program
from barenet.files.exports._source_text import WIDTH, bracketed, decimal, template, words
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import DateColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.reading._number_forms import number_form

#: Maximum size of an array that is written as text.
MAX_READABLE_NUMBERS = 64


def _is_callable(member: object) -> bool:
    """Return whether a member of the runtime is a function or exception, whose source is copied."""
    is_function = callable(member) and inspect.isfunction(inspect.unwrap(member))
    return is_function or inspect.isclass(member)


def _runtime_sources() -> dict[str, str]:
    """Return the source of the runtime's functions and exceptions, without NumPy's array types."""
    sources = {}
    for name, function in inspect.getmembers(python_runtime, _is_callable):
        if function.__module__.startswith("barenet."):
            text = inspect.getsource(function)
            sources[name] = re.sub(r"NDArray\[[\w.]+\]", "np.ndarray", text)
    return sources


#: The source of each function that a file may call, including some functions of the library.
_RUNTIME = _runtime_sources()

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


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as Python."""
    if stem in sys.stdlib_module_names or stem == "numpy":
        problem = f"{stem}.py would be imported in the place of the module {stem}, by NumPy, too"
        raise ArgumentError(problem, argument="path", remedy="choose another name")
    arrays = "\n".join(_arrays(program))
    main = _main(program)
    code = [_computation(program), _predict(program)]
    if program.table:
        assert program.first is not None
        date_formats = program.first.parts["date_format"]
        code.append(_encode(program.table, program.dtype, date_formats))
    # The functions for predictions come before the arrays, and the others of `main` after them.
    before = _called("\n".join([*code, arrays]))
    after = _called(main)
    for name in before:
        after.pop(name, None)
    functions = "\n".join([*before.values(), *after.values()])
    constants = _needed_constants(functions)
    parts = [*code, *before.values(), constants, arrays, *after.values(), main]
    sections = [part.strip("\n") for part in parts if part]
    body = "\n\n\n".join(sections)
    head = _head(program, stem, body)
    text = Template(template("python_file.template")).substitute(head, body=body)
    return {".py": text.encode("utf-8")}


def _main(program: Program) -> str:
    """Write the function that answers a CSV file, which is read as those of the training."""
    arguments = ["sys.argv[1]"]
    for option, value in program.csv.items():
        arguments.append(f"{option}={value!r}")
    main = _replaced(_RUNTIME["main"], "class_answers(", f"{program.answer}_answers(")
    return _replaced(main, "read(sys.argv[1])", f"read({', '.join(arguments)})")


def _predict(program: Program) -> str:
    """Write the function `predict`, without annotations, as the other written functions."""
    function = f"predict_{program.answer}"
    predict = _replaced(_RUNTIME[function], f"def {function}(", "def predict(")
    return _replaced(predict, "X: Any) -> np.ndarray:", "X):")


def _replaced(source: str, old: str, new: str) -> str:
    """Replace a part of the runtime's source, which must occur once."""
    assert source.count(old) == 1, f"{old} occurs {source.count(old)} times in:\n{source}"
    return source.replace(old, new)


def _called(code: str) -> dict[str, str]:
    """Return the source of each runtime function that code calls, directly or indirectly."""
    sources: dict[str, str] = {}
    for name in re.findall(r"\b(\w+)(?:\(| as error)", code):
        is_defined = re.search(rf"\b(def|class) {name}\(", code)
        if name in _RUNTIME and name not in sources and not is_defined:
            sources[name] = _RUNTIME[name]
            sources |= _called(_RUNTIME[name])
    return sources


@cache
def _constants() -> dict[str, str]:
    """Return the source of the library's constants that runtime functions need, with comments.

    A constant comes after the constants in its definition.
    """
    sources: dict[str, str] = {}
    for node in ast.parse(inspect.getsource(python_runtime)).body:
        if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("barenet."):
            continue
        names = {alias.name for alias in node.names if alias.name.isupper()}
        module_source = inspect.getsource(sys.modules[str(node.module)])
        for name, source in _assignments(module_source):
            if name in names:
                sources[name] = source
    return sources


def _assignments(module_source: str) -> Iterator[tuple[str, str]]:
    """Return the names that a module assigns, with the source of each and the comment above it."""
    lines = module_source.splitlines()
    for statement in ast.parse(module_source).body:
        if not isinstance(statement, ast.Assign):
            continue
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            continue
        start = statement.lineno - 1
        while lines[start - 1].startswith("#"):
            start -= 1
        yield target.id, "\n".join(lines[start : statement.end_lineno])


def _needed_constants(code: str) -> str:
    """Return the source of the constants that code needs, directly or indirectly."""
    needed: list[str] = []
    for name, source in reversed(_constants().items()):
        all_code = "\n".join([code, *needed])
        if re.search(rf"\b{name}\b", all_code):
            needed.insert(0, source)
    return "\n\n".join(needed)


def _imports(body: str) -> Iterator[str]:
    """Write the imports of the runtime that code uses."""
    used = set(re.findall(r"\w+", body))
    for node in ast.parse(inspect.getsource(python_runtime)).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
        if module.startswith("barenet."):
            continue
        if module != "__future__":  # always imported, so that annotations work with older Pythons
            node.names = [alias for alias in node.names if alias.name in used]
        if node.names:
            yield ast.unparse(node)


def _head(program: Program, stem: str, body: str) -> dict[str, str | int]:
    """Write the parts of the docstring, the imports and the constants."""
    dataset = words(program.dataset)
    trained = f", from a network trained on {dataset}" if dataset else ""
    if program.classes:
        constants = f"\nCLASSES = {_list(program.classes)}\n"
    else:
        constants = f"N_OUTPUTS = {program.n_outputs}\n"
    if program.table:
        markers = _list(program.table.missing)
        constants += f"\n#: Markers of missing values.\nMISSING = {markers}\n"
    return {
        "name": words(stem),
        "values": _input_count(program),
        "trained": trained,
        "sketch": program.sketch(),
        "version": __version__,
        "python": "3.9",
        "imports": "\n".join(_imports(body)),
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
        lines.append("X = check(X)")
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


def _encode(
    table: TableEncoding, dtype: np.dtype[Any], date_formats: str | dict[str, str] | None
) -> str:
    """Write the function that encodes rows."""
    calls = []
    for at, column in enumerate(table.used):
        date_format = _format_of(column, date_formats) if isinstance(column, DateColumn) else None
        calls.append(f"        *{_column_call(column, at, date_format)},")
    lines = "\n".join(calls)
    return f'''\
def encode(rows):
    """Turn rows, each a list of values in the order of FEATURES, into the network's numbers."""
    X = columns_of(rows)
    return np.column_stack([
{lines}
    ]).astype(np.{dtype})
'''


def _format_of(column: DateColumn, date_formats: str | dict[str, str] | None) -> str | None:
    """Return the format of a column, given that of all columns or the formats by column."""
    return date_formats.get(column.name) if isinstance(date_formats, dict) else date_formats


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


def _column_call(column: Column, at: int, date_format: str | None) -> str:
    """Write the call that encodes a column, with the fields of its record."""
    fields = column.to_dict()
    function = fields.pop("kind")
    fields.pop("limit_texts", None)  # they are read by a rule for all columns of numbers
    form = number_form(fields.get("form", ""))
    if form is not None:
        fields["form"] = [*form]
    values = f"X[{at}]"
    if "missing_texts" in fields:
        markers = _list(fields.pop("missing_texts"))
        values = f"without_markers({values}, {markers})"
        if function == "date":
            fields["markers"] = list(column.missing_texts)
    arguments = [values, repr(fields.pop("name"))]
    for name, value in fields.items():
        text = repr(value)
        if isinstance(value, list):
            text = _list(value, " " * 8)
        arguments.append(f"{name}={text}")
    if date_format is not None:
        arguments.append(f"date_format={date_format!r}")
    return f"{function}({', '.join(arguments)})"

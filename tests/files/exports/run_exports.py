"""Run an export in its language: the outputs for rows, and the answers where it returns them."""

import ctypes
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from json_reader import predict

from barenet import TableEncoding, export
from barenet.files.exports._inference_program import Program, program_of
from barenet.files.exports._json_file import render as render_json
from barenet.files.exports._onnx_file import render as render_onnx
from barenet.files.exports._python_file import render as render_python
from barenet.tables.encoding._column_kinds import CategoryColumn, NumberColumn
from barenet.tables.reading._parsing import to_number

COMPILERS = [name for name in ("gcc", "clang", "cc") if shutil.which(name)]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wconversion"]

#: NumPy's types by the names in ONNX Runtime.
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object}


def run(to: str, model: Any, X: Any, folder: Path) -> tuple[np.ndarray, Any]:
    """Export a model and predict rows; the columns of a table are lists of text."""
    program = program_of(model)
    if to == "python":
        return outputs_of(program, X), run_python(program)["predict"](rows_of(program, X))
    if to == "json":
        return predict(json.loads(render_json(program, "it")[".json"]), X), None
    if to == "onnx":
        *labels, outputs = run_onnx(program, X)
        return outputs, labels[0] if labels else None
    export(model, folder / "it.c")
    rows = raw_numbers(program.table, X) if program.table else X
    return run_c(folder / "it.c", rows, program.n_outputs), None


def outputs_of(program: Program, X: Any) -> np.ndarray:
    """The outputs of an export to Python."""
    module = run_python(program)
    outputs = module["outputs" if program.answer == "numbers" else "probabilities"]
    return outputs(rows_of(program, X))


def rows_of(program: Program, X: Any) -> list[Any]:
    """A list for each row."""
    if program.table is None:
        return X.tolist()
    return [list(row) for row in zip(*(X[name] for name in program.feature_names), strict=True)]


def run_python(program: Program) -> dict[str, Any]:
    """Import an export."""
    module: dict[str, Any] = {"__name__": "exported"}
    text = render_python(program, "exported")[".py"].decode()
    exec(compile(text, "exported.py", "exec"), module)
    return module


def run_onnx(program: Program, X: Any) -> list[np.ndarray]:
    """The labels, if there are some, and the outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(render_onnx(program, "it")[".onnx"], options)
    given = {"X": X}
    if program.table:
        given = onnx_columns(program.table, X)
        assert [each.name for each in session.get_inputs()] == list(program.feature_names)
    inputs = {each.name: given[each.name].astype(TYPES[each.type]) for each in session.get_inputs()}
    return session.run(None, inputs)


def compile_c(source: Path, *options: str, compiler: str = "") -> Path:
    """Compile a C file with every warning an error; skip where there is no compiler."""
    if not COMPILERS:
        pytest.skip("there is no C compiler here")
    target = source.with_suffix(".so" if "-shared" in options else ".out")
    command = [compiler or COMPILERS[0], *STRICT, *options, source.name, "-lm", "-o", target.name]
    done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def run_c(source: Path, X: np.ndarray, n_outputs: int) -> np.ndarray:
    """Compile an exported C file as a library, and let it predict rows."""
    library = ctypes.CDLL(str(compile_c(source, "-O1", "-shared", "-fPIC")))
    numbers = ctypes.POINTER(ctypes.c_float)
    function = getattr(library, f"{source.stem}_predict")
    function.argtypes, function.restype = [numbers, numbers], None
    Y = np.full((len(X), n_outputs + 1), 123, np.float32)  # one more, that must stay
    for x, y in zip(np.ascontiguousarray(X, np.float32), Y, strict=True):
        function(x.ctypes.data_as(numbers), y.ctypes.data_as(numbers))
    assert (Y[:, -1] == 123).all()
    return Y[:, :-1]


def raw_numbers(table: TableEncoding, X: dict[str, list[str]]) -> np.ndarray:
    """A number for each column; markers of a missing value that are numbers stay as they are."""
    columns = []
    for column, values in zip(table.used, read_columns(table, X), strict=True):
        if isinstance(column, CategoryColumn):
            indices = {**column.indices, "": np.nan}
            values = [indices.get(label, len(column.categories)) for label in values.tolist()]
        elif isinstance(column, NumberColumn):
            numbers = [to_number(text.strip()) for text in X[column.name]]
            markers = np.array([np.nan if each is None else each for each in numbers])
            values = np.where(np.isnan(values), markers, values)
        columns.append(values)
    return np.column_stack(columns)


def onnx_columns(table: TableEncoding, X: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """Columns of ONNX: texts of categories as they are, but numbers by their shortest labels."""
    numbers = raw_numbers(table, X).T
    columns = {}
    for column, values, labels in zip(table.used, numbers, read_columns(table, X), strict=True):
        if isinstance(column, CategoryColumn):
            pairs = zip(map(str.strip, X[column.name]), labels.tolist(), strict=True)
            markers = (*table.missing, *column.missing_texts)
            texts = [
                text if text in markers or to_number(text) is None else label
                for text, label in pairs
            ]
            values = np.array(texts, object)
        columns[column.name] = values[:, np.newaxis]
    return columns


def read_columns(table: TableEncoding, X: Any) -> list[np.ndarray]:
    frame = table.frame_of(X)
    return [column.parse(frame, column.name, table.missing) for column in table.used]

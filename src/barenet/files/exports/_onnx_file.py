"""ONNX export: opset 17 and IR version 8, for ONNX Runtime and similar runtimes.

The outputs are plain tensors: the class of each row, and the probabilities. All data is inside the
file, so the model contains no path to another file.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require
from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files.exports._inference_program import Program
from barenet.files.exports._onnx_graph import (
    ML_OPSET,
    TYPES,
    column_inputs,
    utf8,
    write_columns,
    write_outputs,
)

#: ONNX Runtime refuses versions newer than itself, so newer ones would exclude older runtimes.
OPSET, IR_VERSION = 17, 8

#: Rounding error in float32, in units of the spread, above which inputs are float64.
MOST_ERROR = 4e-6

#: Most bytes of a protocol buffer, less room for names.
MOST_BYTES = 2**31 - 2**20

#: Attributes of a program that are stored as metadata.
METADATA = ("feature_names", "classes", "target_name", "dataset", "image_shape", "card")


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as an ONNX model."""
    onnx = require("onnx", extra="onnx", purpose="an ONNX file")
    if program.n_numbers * 8 > MOST_BYTES:
        problem = f"{program.n_numbers:,} numbers are more than one ONNX file holds"
        raise ArgumentError(problem, argument="model")
    graph, helper = _Graph(onnx), onnx.helper
    inputs, X = _inputs(helper, program, graph)
    outputs = "predictions" if program.answer == "numbers" else "probabilities"
    write_outputs(program, graph, X, outputs, "labels")
    shape = ["n_samples", program.n_outputs]
    Y = helper.make_tensor_value_info(outputs, TYPES[str(program.dtype)], shape)
    results = [*_labels(helper, program), Y]
    sets = [("", OPSET), *([("ai.onnx.ml", ML_OPSET)] if program.table else [])]
    trained = f", trained on {program.dataset}" if program.dataset else ""
    name = utf8(stem) or "network"
    model = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, results, graph.constants),
        opset_imports=[helper.make_opsetid(*each) for each in sets],
        ir_version=IR_VERSION,
        producer_name="barenet",
        producer_version=__version__,
        doc_string=utf8(f"A barenet network{trained}: {program.sketch()}"),
    )
    metadata = {key: json.dumps(value) for key in METADATA if (value := getattr(program, key))}
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return {".onnx": model.SerializeToString(deterministic=True)}


class _Graph:
    """Collects operators and constants for a graph of the onnx package."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        result = output or f"barenet/{operator.lower()}_{len(self.nodes) + 1}"
        make = self.onnx.helper.make_node
        self.nodes.append(make(operator, list(inputs), [result], name=result, **options))
        return result

    def constant(self, values: NDArray[Any]) -> str:
        name = f"barenet/constant_{len(self.constants) + 1}"
        contiguous = np.ascontiguousarray(values).reshape(values.shape)
        self.constants.append(self.onnx.numpy_helper.from_array(contiguous, name))
        return name


def _inputs(helper: Any, program: Program, graph: _Graph) -> tuple[list[Any], str]:
    """Declare the inputs: a matrix, or one for each column of a table."""
    make, is_coarse = helper.make_tensor_value_info, program.single_errors > MOST_ERROR
    if program.table is None:
        kind = "float64" if is_coarse.any() else str(program.dtype)
        return [make("X", TYPES[kind], ["n_samples", program.n_inputs])], "X"
    columns = column_inputs(program.table, is_coarse)
    return [make(*each, ["n_samples", 1]) for each in columns], write_columns(program.table, graph)


def _labels(helper: Any, program: Program) -> list[Any]:
    """Declare the labels: one for each row, or a 0 or 1 for each label."""
    if program.answer == "numbers":
        return []
    is_text = program.answer == "class" and isinstance(program.classes[0], str)
    shape = ["n_samples", *([program.n_outputs] if program.answer == "labels" else [])]
    return [helper.make_tensor_value_info("labels", TYPES["string" if is_text else "int64"], shape)]

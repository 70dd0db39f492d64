"""ONNX export: opset 17 and IR version 8, for ONNX Runtime and similar runtimes.

The outputs are plain tensors: the class of each row, and the probabilities. The file contains all
data, so the model has no path to another file. Only operators that ONNX Runtime implements for
float32 and float64 are used.
"""

import ast
import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, declared, operation
from barenet._extras import require
from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files.exports._activation_code import expressions
from barenet.files.exports._inference_program import (
    Program,
    Step,
    refuse_words,
    steps_of_column,
    unsupported_column,
)
from barenet.model._activations import Activation
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import (
    BooleanColumn,
    CategoryColumn,
    NumberColumn,
)
from barenet.tables.encoding._operations import positions
from barenet.tables.reading._parsing import (
    SMALL_DECIMAL,
    WORDS,
    canonical,
    is_code,
    to_number,
)

#: ONNX Runtime rejects versions newer than itself, so a newer opset would exclude older runtimes.
OPSET = 17
IR_VERSION = 8

#: Codes of types in ONNX, by NumPy's names.
TYPES = {"float32": 1, "int64": 7, "object": 8, "float64": 11}

#: Version of the machine learning operators, for the one that looks up the index of a string.
ML_OPSET = 3

#: Operators by the names of functions and operators in formulas.
ONNX_OPERATORS = {name: entry.onnx for name, entry in OPERATIONS.items() if entry.onnx}

#: The operators of a step, each with the part that it takes.
OPERATORS = {
    "scale": {"offset": "Sub", "factor": "Mul"},
    "unscale": {"factor": "Div", "offset": "Add"},
    "normalize": {"mean": "Sub", "deviation": "Div", "gain": "Mul", "bias": "Add"},
    "normalize_row": {"gain": "Mul", "bias": "Add"},
    "prelu": {"slopes": "PRelu"},
}

#: Names that the graph uses for itself.
RESERVED = ("", "labels", "probabilities", "predictions")


class Tensor(NamedTuple):
    """An input or an output of the graph."""

    name: str
    #: The code of its type in ONNX.
    type_code: int
    shape: tuple[str | int, ...]


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as an ONNX model."""
    refuse_words(program, "ONNX")
    onnx = require("onnx", extra="onnx", purpose="an ONNX file")
    helper = onnx.helper
    graph = OnnxGraph(onnx)
    inputs = [helper.make_tensor_value_info(*tensor) for tensor in _inputs(program)]
    operator_sets = [helper.make_opsetid("", OPSET)]
    X = "X"
    if program.table:
        parts: list[str] = []
        for column in program.table.used:
            parts += _encode(column, program, graph)
        encoded = graph.add("Concat", *parts, axis=1)
        X = graph.add("Cast", encoded, to=TYPES[str(program.dtype)])
        operator_sets.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
    results = [helper.make_tensor_value_info(*tensor) for tensor in _results(program)]
    _add_steps(program, graph, X, outputs=results[-1].name)
    trained = f", trained on {program.dataset}" if program.dataset else ""
    name = utf8(stem) or "network"
    onnx_graph = helper.make_graph(
        graph.nodes, name, inputs=inputs, outputs=results, initializer=graph.constants
    )
    description = f"A barenet network{trained}: {program.sketch()}"
    model = helper.make_model(
        onnx_graph,
        opset_imports=operator_sets,
        ir_version=IR_VERSION,
        producer_name="barenet",
        producer_version=__version__,
        doc_string=utf8(description),
    )
    helper.set_model_props(model, _metadata(program))
    onnx.checker.check_model(model, full_check=True)
    return {".onnx": model.SerializeToString(deterministic=True)}


def _metadata(program: Program) -> dict[str, str]:
    """Return what is known about a program, as JSON texts."""
    attributes = {
        "feature_names": program.feature_names,
        "classes": program.classes,
        "threshold": program.threshold,
        "target_name": program.target_name,
        "dataset": program.dataset,
        "image_shape": program.image_shape,
        "card": program.card,
    }
    return {key: json.dumps(value) for key, value in attributes.items() if value}


class OnnxGraph:
    """Collects operators and constants for a graph of the onnx package."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        number = len(self.nodes) + 1
        result = output or f"barenet/{operator.lower()}_{number}"
        make_node = self.onnx.helper.make_node
        node = make_node(operator, list(inputs), [result], name=result, **options)
        self.nodes.append(node)
        return result

    def add_with(self, operator: str, X: str, values: NDArray[Any]) -> str:
        """Add an operator of a tensor and a constant."""
        constant = self.constant(values)
        return self.add(operator, X, constant)

    def constant(self, values: NDArray[Any]) -> str:
        name = f"barenet/constant_{len(self.constants) + 1}"
        contiguous = np.ascontiguousarray(values).reshape(values.shape)
        self.constants.append(self.onnx.numpy_helper.from_array(contiguous, name))
        return name


def _inputs(program: Program) -> Iterator[Tensor]:
    """Return the inputs: a matrix, or one input for each column of a table.

    Their types do not depend on fitted numbers, so clients work with the next model, too.
    """
    if program.table is None:
        type_name = str(program.dtype)
        if program.first:  # a scaling, computed in float64
            type_name = "float64"
        yield Tensor("X", TYPES[type_name], ("n_samples", program.n_inputs))
        return
    for column in program.table.used:
        if not isinstance(column, NumberColumn | BooleanColumn | CategoryColumn):
            raise unsupported_column(column, "for which ONNX has no type")
        if column.name in RESERVED or column.name.startswith("barenet/"):
            problem = f"column {column.name!r} has a name that the graph of ONNX uses itself"
            raise ArgumentError(problem, argument="model", remedy="rename the column")
        type_name = "object" if isinstance(column, CategoryColumn) else "float64"
        yield Tensor(column.name, TYPES[type_name], ("n_samples", 1))


def _results(program: Program) -> Iterator[Tensor]:
    """Return the outputs: the class of each row, and the numbers."""
    outputs = "predictions"
    if program.classes:
        outputs = "probabilities"
        type_of_classes = str(_class_names(program).dtype)
        yield Tensor("labels", TYPES[type_of_classes], ("n_samples",))
    yield Tensor(outputs, TYPES[str(program.dtype)], ("n_samples", program.n_outputs))


def _add_steps(program: Program, graph: OnnxGraph, X: str, outputs: str) -> None:
    """Add all steps of a program, and the labels that result from the last one."""
    steps = program.steps
    if program.table:
        steps = steps[1:]  # X is already encoded
    inputs = X
    total = ""
    for step in steps:
        match step.name:
            case "keep":
                inputs = X
            case "add":
                weight = graph.constant(np.array(step.parts["weight"], program.dtype))
                part = graph.add("Mul", X, weight)
                total = graph.add("Add", total, part) if total else part
                X = inputs
            case "total":
                X = total
            case _:
                X = _add(graph, step, X, program.dtype)
    graph.add("Identity", X, output=outputs)
    if program.classes:
        index = _class_index(program, graph, outputs)
        names = graph.constant(_class_names(program))
        graph.add("Gather", names, index, output="labels", axis=0)


def _class_index(program: Program, graph: OnnxGraph, probabilities: str) -> str:
    """Add the index of the most probable class or, from the threshold on, of the second one."""
    if program.threshold is None:
        return graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    second = graph.add("Gather", probabilities, graph.constant(np.array(1)), axis=1)
    threshold = np.array(program.threshold, program.dtype)
    is_second = graph.add_with("GreaterOrEqual", second, threshold)
    return graph.add("Cast", is_second, to=TYPES["int64"])


def _class_names(program: Program) -> NDArray[Any]:
    """Return the classes as integers or as text."""
    if all(isinstance(name, int) for name in program.classes):
        return np.array(program.classes, np.int64)
    return np.array([utf8(str(name)) for name in program.classes], object)


def utf8(text: str) -> str:
    """Replace characters that UTF-8 can't encode, which ONNX does not accept."""
    return text.encode("utf-8", "replace").decode()


def _add(graph: OnnxGraph, step: Step, X: str, dtype: np.dtype[Any]) -> str:
    """Add a step."""
    parts = step.parts
    match step.name:
        case "apply":
            return _add_activation(graph, parts["activation"], X, dtype)
        case "multiply":
            first = graph.add("Gather", X, graph.constant(parts["first"]), axis=1)
            second = graph.add("Gather", X, graph.constant(parts["second"]), axis=1)
            return graph.add("Concat", X, graph.add("Mul", first, second), axis=1)
        case "affine":
            weights = graph.constant(parts["weights"])
            bias = graph.constant(parts["bias"])
            return graph.add("Gemm", X, weights, bias)
        case "both":
            one = graph.constant(np.array(1, dtype))
            complement = graph.add("Sub", one, X)
            return graph.add("Concat", complement, X, axis=1)
        case "normalize_row":  # ONNX Runtime fuses these operators; its own one has a float32 ε
            mean = graph.add("ReduceMean", X, axes=[-1], keepdims=1)
            centered = graph.add("Sub", X, mean)
            squares = graph.add("Mul", centered, centered)
            variance = graph.add("ReduceMean", squares, axes=[-1], keepdims=1)
            epsilon = np.array(parts["epsilon"], dtype)
            deviation = graph.add("Sqrt", graph.add_with("Add", variance, epsilon))
            X = graph.add("Div", centered, deviation)
        case "scale" | "unscale":
            X = graph.add("Cast", X, to=TYPES["float64"])
    for part, operator in OPERATORS[step.name].items():
        X = graph.add_with(operator, X, parts[part])
    return graph.add("Cast", X, to=TYPES[str(dtype)]) if step.name in ("scale", "unscale") else X


def _add_activation(graph: OnnxGraph, activation: Activation, X: str, dtype: np.dtype[Any]) -> str:
    """Add the operators of an activation to a graph of ONNX."""
    onnx_operator = declared(activation, "onnx_operator")
    if onnx_operator:
        return graph.add(onnx_operator, X)
    for expression in expressions(activation, ONNX_OPERATORS, **option_values(activation)):
        X = _add_expression(graph, expression.tree, X, dtype)
    return X


def _add_expression(graph: OnnxGraph, node: ast.expr, X: str, dtype: np.dtype[Any]) -> str:
    if isinstance(node, ast.Name):
        return X
    if isinstance(node, ast.Constant):
        return graph.constant(np.array(node.value, dtype))
    name, nodes = operation(node)
    operands = [_add_expression(graph, operand, X, dtype) for operand in nodes]
    if name == "max_outputs":
        return graph.add("ReduceMax", *operands, axes=[-1], keepdims=1)
    if name == "sum_outputs":
        return graph.add("CumSum", *operands, graph.constant(np.array(1)))
    if name == "index_outputs":
        zero = graph.constant(np.array(0))
        one = graph.constant(np.array(1))
        shape = graph.add("Shape", *operands)
        width = graph.add("Gather", shape, one)
        indices = graph.add("Range", zero, width, one)
        return graph.add("Cast", indices, to=TYPES[str(dtype)])
    if name == "over_outputs":
        axes = graph.constant(np.array([-1]))
        return graph.add("ReduceSum", *operands, axes)
    if name == "erf" and dtype == np.float64:  # ONNX Runtime has an Erf only for float32
        single = graph.add("Cast", *operands, to=TYPES["float32"])
        erf = graph.add("Erf", single)
        return graph.add("Cast", erf, to=TYPES["float64"])
    return graph.add(ONNX_OPERATORS[name], *operands)


def _encode(column: Column, program: Program, graph: OnnxGraph) -> list[str]:
    """Encode a column in float64, as tensors of its inputs."""
    x = column.name
    missing = ""
    encoded = []
    for step in steps_of_column(column):
        parts = step.parts
        match step.name:
            case "fill":
                missing = _is_missing(column, program, graph)
                fill = graph.constant(np.array(parts["value"]))
                x = graph.add("Where", missing, fill, column.name)
            case "scale":
                encoded.append(_scaled(step, x, graph))
            case "positions":
                encoded.append(_positions(parts["edges"], x, graph))
            case "equals":
                encoded += _codes(parts["numbers"], x, graph)
            case "missing":
                encoded.append(graph.add("Cast", missing, to=TYPES["float64"]))
            case "one_hot":
                encoded.append(_category(column, step, program, graph))
    return encoded


def _is_missing(column: Column, program: Program, graph: OnnxGraph) -> str:
    """Compare numbers with NaN and with the markers of the column."""
    missing = graph.add("IsNaN", column.name)
    if not isinstance(column, BooleanColumn):
        for marker in program.markers_of(column):
            is_marker = graph.add_with("Equal", column.name, np.array(marker))
            missing = graph.add("Or", missing, is_marker)
    return missing


def _scaled(step: Step, x: str, graph: OnnxGraph) -> str:
    """Scale numbers: (x - center) / scale, within limits."""
    parts = step.parts
    center = graph.constant(np.array(parts["center"], np.float64))
    scale = graph.constant(np.array(parts["scale"], np.float64))
    scaled = graph.add("Div", graph.add("Sub", x, center), scale)
    if np.isfinite(parts["low"]):
        scaled = graph.add_with("Max", scaled, np.array(parts["low"]))
        scaled = graph.add_with("Min", scaled, np.array(parts["high"]))
    return scaled


def _positions(edges: Sequence[float], x: str, graph: OnnxGraph) -> str:
    """Find the position in each bin: (x - start) / width, within those of infinite numbers."""
    low, high = positions(np.array([-np.inf, np.inf]), edges)
    result = graph.add_with("Sub", x, np.array(edges[:-1]))
    result = graph.add_with("Div", result, np.diff(edges))
    result = graph.add_with("Max", result, low)
    return graph.add_with("Min", result, high)


def _codes(codes: Sequence[float], x: str, graph: OnnxGraph) -> list[str]:
    """Compare numbers with each code, and add 1 for numbers that equal none."""
    is_equal = graph.add_with("Equal", x, np.array(codes))
    is_code = graph.add("Cast", is_equal, to=TYPES["float64"])
    axes = graph.constant(np.array([1]))
    has_code = graph.add("ReduceSum", is_code, axes, keepdims=1)
    one = graph.constant(np.array(1.0))
    is_other = graph.add("Sub", one, has_code)
    return [is_code, is_other]


def _spellings(category: str) -> Iterator[str]:
    """List texts that are equal to a category, which ONNX can't compute.

    >>> [*_spellings("True")][-2:], [*_spellings("0.1")][-1]
    (['true', 'TRUE'], '0.10000000149011612')
    """
    label = canonical(category)
    yield from (category, label, unicodedata.normalize("NFD", label), label.replace(" ", "\u00a0"))
    if label in WORDS:
        yield from (label.lower(), label.upper())
    number = to_number(label)
    if number is not None and number % 1 and abs(number) > SMALL_DECIMAL and not is_code(label):
        yield str(float(np.float32(number)))


def _category(column: Column, step: Step, program: Program, graph: OnnxGraph) -> str:
    """Look up the index of each text, and set the network's input with this index to 1."""
    parts = step.parts
    categories = parts["categories"]
    index_of = {canonical(category): at for at, category in reversed([*enumerate(categories)])}
    indices: dict[str, int] = {}
    for category in categories:
        for spelling in _spellings(category):
            indices.setdefault(utf8(spelling), index_of[canonical(category)])
    markers = ["", *column.missing_texts]
    if program.table:
        markers += program.table.missing
    for marker in markers:
        indices[utf8(marker)] = parts["missing"]
        indices[utf8(canonical(marker))] = parts["missing"]
    index = graph.add(
        "LabelEncoder",
        column.name,
        domain="ai.onnx.ml",
        keys_strings=[*indices],
        values_int64s=[*indices.values()],
        default_int64=parts["others"],
    )
    inputs = np.arange(parts["n_inputs"]).reshape(1, -1)
    is_category = graph.add_with("Equal", index, inputs)
    return graph.add("Cast", is_category, to=TYPES["float64"])

"""JSON export: the structure and the numbers of a model, for a program in any language.

The page "Export a model to ONNX, Python, C or JSON" documents it. Numbers have the fewest digits
that restore them exactly.
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

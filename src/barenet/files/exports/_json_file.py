"""JSON export: the structure and the numbers, for a program in any language.

The page "Ship a network" documents it. Every number has as few digits as restore it exactly.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import options_of
from barenet._version import __version__
from barenet.files.exports._inference_program import Program
from barenet.files.exports._source_text import decimal, flow
from barenet.files.exports._steps import Apply, Step
from barenet.files.exports._table_encode_step import TableEncodeStep

__all__ = ["VERSION", "render"]

#: Increased when older readers would fail.
VERSION = 1


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as JSON."""
    head = {
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
        **({"card": program.card} if program.card else {}),
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    steps = ",\n".join(map(_step, program.steps))
    body = f'  "steps": [\n{steps}\n  ]' if steps else '  "steps": []'
    return {".json": "\n".join(["{", *lines, body, "}\n"]).encode()}


def _step(step: Step) -> str:
    """Write a step: its name, then its options and arrays."""
    if isinstance(step, TableEncodeStep):
        return _encode(step)
    if isinstance(step, Apply):
        activation = step.activation
        options = {field.name: getattr(activation, field.name) for field in options_of(activation)}
        entries = {"do": json.dumps(activation.name), **_values(options)}
    else:
        entries = {"do": json.dumps(step.name), **_values(vars(step))}
    text = ",\n".join(f'      "{name}": {value}' for name, value in entries.items())
    return f"    {{\n{text}\n    }}"


def _encode(step: TableEncodeStep) -> str:
    """Write the record of each column in a line."""
    columns = ",\n".join(f"        {json.dumps(column.to_dict())}" for column in step.columns)
    missing = json.dumps(step.encoding.missing)
    entries = ['"do": "encode"', f'"missing": {missing}', f'"columns": [\n{columns}\n      ]']
    return "    {\n" + ",\n".join(f"      {entry}" for entry in entries) + "\n    }"


def _values(parts: dict[str, Any]) -> dict[str, str]:
    """Write the numbers and arrays of a step."""
    arrays = {name: _array(part) for name, part in parts.items() if isinstance(part, np.ndarray)}
    numbers = {name: json.dumps(part) for name, part in parts.items() if isinstance(part, float)}
    return numbers | arrays


def _array(values: NDArray[Any]) -> str:
    """Write a vector, or a matrix with a line for each row."""
    if values.ndim == 2:
        return "[\n" + ",\n".join(f"        {_array(row)}" for row in values) + "\n      ]"
    items = [decimal(value) for value in values]
    line = f"[{', '.join(items)}]"
    return line if len(line) < 90 else f"[\n{flow(items, ' ' * 10).rstrip(',')}\n        ]"

"""JSON export: the structure and the numbers, for a program in any language.

The page "Ship a network" documents it. Every number has as few digits as restore it exactly.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import declared
from barenet._version import __version__
from barenet.files.exports._inference_program import NAMES, Program, Step
from barenet.files.exports._source_text import bracketed, decimal

#: Increased when older readers would fail.
VERSION = 1


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as JSON."""
    head = {
        "format": "barenet",
        "version": VERSION,
        "written_by": f"barenet {__version__}",
        "dtype": str(program.dtype),
        **{name: getattr(program, name) for name in ("n_inputs", "n_outputs", *NAMES)},
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
    name, parts = step.name, step.parts
    if name == "apply":
        activation = parts["activation"]
        name, parts = activation.name, option_values(activation)
        if not type(activation).__module__.startswith("barenet."):
            parts = {"formula": declared(activation, "formula")} | parts
    entries = {"do": json.dumps(name)}
    if name == "encode":
        encoding = parts["encoding"]
        columns = ",\n".join(f"        {json.dumps(column.to_dict())}" for column in encoding.used)
        entries["missing"] = json.dumps(encoding.missing)
        entries["columns"] = f"[\n{columns}\n      ]"
    for key, part in parts.items():
        if isinstance(part, str | int | float | dict | np.ndarray):
            entries[key] = _array(part) if isinstance(part, np.ndarray) else json.dumps(part)
    text = ",\n".join(f'      "{key}": {value}' for key, value in entries.items())
    return f"    {{\n{text}\n    }}"


def _array(values: NDArray[Any]) -> str:
    """Write a vector, or a matrix with a line for each row."""
    if values.ndim == 2:
        return "[\n" + ",\n".join(f"        {_array(row)}" for row in values) + "\n      ]"
    return bracketed(map(decimal, values), 90, " " * 6).replace(",\n      ]", "\n        ]")

"""The export for C: a C99 file and its header, for a microcontroller or anything else.

The weights are constants, so they stay in flash; what lies between the layers is on the stack. It
allocates nothing, keeps no state and needs math.h alone.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from itertools import starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.files.exports.c_calls import Plan
from barenet.files.exports.c_parts import (
    ACTIVATIONS,
    CALL_CLASSIFY,
    CLASSIFY,
    CLASSIFY_DECLARED,
    COPY,
    FIRST,
    HEADER,
    MAIN,
    NAMES,
    SOURCE,
    STEPS,
)
from barenet.files.exports.c_tables import category_arrays, encode_functions, listed_columns
from barenet.files.exports.encode import Encode
from barenet.files.exports.names import c_string, identifier, words
from barenet.files.exports.numerals import flow, hexadecimal
from barenet.files.exports.program import Program
from barenet.files.exports.quantization import RoundedAffine, Rounding
from barenet.files.exports.steps import Apply
from barenet.version import __version__

__all__ = ["render"]

#: The function of every step and activation.
FUNCTIONS: dict[type[Any], str] = {**STEPS, **ACTIVATIONS}

#: Rounding error of inputs as floats, in units of their spread, above which there is a warning.
MOST_ERROR = 2e-5

#: Inputs that are listed one by one.
MOST_LISTED = 100


def render(program: Program, stem: str, rounding: Rounding | None = None) -> dict[str, bytes]:
    """Write a program as C99."""
    if not re.fullmatch(r"[A-Za-z0-9_. +-]+", stem):
        raise ValueError(f"path: expected a file name of plain letters and digits, got {stem!r}")
    prefix, plan = identifier(stem), Plan.of(program)
    strings = _strings(program, prefix)
    fields = {"stem": stem, "prefix": prefix, "PREFIX": prefix.upper()}
    source = SOURCE.format(
        about=_about(program, plan, fields, rounding),
        strings="".join(f"\n{name} = {{\n{names}\n}};\n" for name, names in strings.items()),
        arrays="\n".join(starmap(_array, plan.arrays.items())),
        functions="\n".join(_functions(plan)),
        buffers=plan.declaration(),
        calls="\n".join(f"    {call};" for call in plan.calls),
        **fields,
    )
    classify = CLASSIFY if program.answer == "class" else ""
    source += "".join(f"\n{part}".format(**fields) for part in (classify, _main(program)) if part)
    _warn_of_coarse(program)
    return {".c": source.encode("ascii"), ".h": _header(program, fields).encode("ascii")}


def _warn_of_coarse(program: Program) -> None:
    """Warn about an input that needs more digits than a float has."""
    errors = program.single_errors
    if not (errors > MOST_ERROR).any():
        return
    at = int(errors.argmax())
    name = f" ({program.feature_names[at]})" if program.feature_names else ""
    warnings.warn(
        f"input {at}{name}: a C float rounds its numbers by up to {errors[at]:.1g} of their "
        "spread; use to='python' or to='json', which take float64, or subtract a constant from "
        "them before training",
        UserWarning,
        stacklevel=4,
    )


def _about(program: Program, plan: Plan, fields: dict[str, str], rounding: Rounding | None) -> str:
    """The comment at the top: what it is, what it needs, how to try it."""
    stem, prefix = fields["stem"], fields["PREFIX"]
    lines = [
        f"{stem}: {_what(program)}",
        "",
        f"Written by barenet {__version__}{_origin(program)}.",
        "C99, and math.h alone. It allocates nothing and keeps nothing between two calls.",
        "",
        f"  {program.sketch()}",
        "",
        f"  constants  {plan.n_bytes:,} bytes{_weights(program)}",
        f"  stack      {plan.n_stack:,} bytes for what lies between the layers",
        *_rounding(program, rounding),
        *_inputs(program, fields["prefix"]),
        "",
        "Try it, with numbers typed in or piped:",
        "",
        f'  cc -std=c99 -O2 -D{prefix}_MAIN "{stem}.c" -lm -o try && ./try',
    ]
    return "\n".join([f"/* {lines[0]}", *(f" * {line}".rstrip() for line in lines[1:]), " */"])


def _what(program: Program) -> str:
    """Say in a few words what it does."""
    noun = words(program.target_name)
    if program.answer == "numbers":
        said = f": {noun}" if noun else ""
        return f"{program.n_inputs} numbers in, {program.n_outputs} out{said}"
    kind = "classes" if program.answer == "class" else "labels"
    of = f" of {noun}" if noun else ""
    return (
        f"{program.n_inputs} numbers in, the probabilities of {len(program.classes)} {kind}{of} out"
    )


def _origin(program: Program) -> str:
    return f", from a network that has learned {words(program.dataset)}" if program.dataset else ""


def _weights(program: Program) -> str:
    rounded = any(isinstance(step, RoundedAffine) for step in program.steps)
    return ", with weights rounded to 8 bits" if rounded else ""


def _rounding(program: Program, rounding: Rounding | None) -> list[str]:
    """What the rounding does, if somebody has measured it."""
    if rounding is None:
        return []
    lines = ["", f"Measured on {rounding.rows:,} rows, the rounding of the weights changes"]
    lines += [f"  an output by {rounding.largest_change:.3g} at most"]
    if rounding.answers_kept is not None:
        lines += [f"  the answer of {rounding.rows - rounding.answers_kept:,} rows"]
    return lines


def _inputs(program: Program, prefix: str) -> list[str]:
    """List what x holds, where that is not too much."""
    names = program.feature_names
    if program.table is not None:
        listed = listed_columns(program.table, prefix)
        return ["", *listed, "  NAN is what is missing; -ffast-math would not know it."]
    if program.image_shape:
        height, width = program.image_shape
        return ["", f"x is an image of {height} x {width} pixels, row by row."]
    if not 0 < len(names) <= MOST_LISTED:
        return []
    return ["", *(f"  x[{number}]  {words(name)}" for number, name in enumerate(names))]


def _strings(program: Program, prefix: str) -> dict[str, str]:
    """The arrays of names: their declarations, and what is in them."""
    arrays = {}
    if program.classes:
        names = flow(c_string(str(name)) for name in program.classes)
        arrays[f"const char *const {prefix}_classes[{prefix.upper()}_OUTPUTS]"] = names
    return arrays | (category_arrays(program.table, prefix) if program.table else {})


def _array(name: str, values: NDArray[Any]) -> str:
    """Declare a constant; a matrix begins a line with each output."""
    if values.dtype == np.int8:
        kind, written = "signed char", [map(str, row) for row in np.atleast_2d(values)]
    else:
        kind, written = "float", [map(hexadecimal, row) for row in np.atleast_2d(values)]
    rows = "\n".join(flow(row) for row in written)
    return f"static const {kind} {name}[{values.size}] = {{\n{rows}\n}};\n"


def _functions(plan: Plan) -> Iterator[str]:
    """The functions that are called, each once."""
    if plan.copies:
        yield COPY
    parts: list[Any] = [step.activation if isinstance(step, Apply) else step for step in plan.steps]
    if parts and isinstance(parts[0], Encode):
        yield from encode_functions(parts.pop(0))
    yield from (FUNCTIONS[kind] for kind in dict.fromkeys(map(type, parts)))


def _main(program: Program) -> str:
    """The program for trying it."""
    classified = program.answer == "class"
    parts = {
        "wrong": "isinf" if program.table else "!isfinite",
        "expected": "numbers, or nan for what is missing" if program.table else "finite numbers",
        "classify": CALL_CLASSIFY if classified else "",
        "separator": " " if classified else "%s",
        "first": "" if classified else FIRST,
    }
    text = MAIN
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text


def _header(program: Program, fields: dict[str, str]) -> str:
    meaning = {
        "numbers": "becomes {PREFIX}_OUTPUTS numbers",
        "class": "becomes the probability of each class",
        "labels": "becomes the probability of each label; above 0.5 it is there",
    }[program.answer]
    names = _strings(program, fields["prefix"])
    declared = "\n".join(f"extern {name};" for name in names)
    return HEADER.format(
        what=_what(program),
        version=__version__,
        n_inputs=program.n_inputs,
        n_outputs=program.n_outputs,
        names=NAMES.format(declared=declared) if declared else "",
        inputs=", in the order that the source lists" if _inputs(program, "") else "",
        outputs=meaning.format(**fields),
        classify=CLASSIFY_DECLARED.format(**fields) if program.answer == "class" else "",
        **fields,
    )

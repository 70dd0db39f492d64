"""The computation of an export as a few steps, with the names of its inputs and outputs.

A network, a predictor and a fitted estimator are all converted to a `Program`. Parts that no export
can compute, such as user-defined layers, are rejected here. Each exporter writes the formulas of
the steps in its own language.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import check_formulas, declared
from barenet._messages import some
from barenet.errors import ArgumentError
from barenet.files._model_file import check_numbers
from barenet.files._predictor import Predictor
from barenet.files.exports._source_text import words
from barenet.model._activations import Identity
from barenet.model._ensemble import Ensemble, Model, networks_of
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, PReLU
from barenet.tables.encoding._column import Column, FilledColumn
from barenet.tables.encoding._column_kinds import (
    DAY_PART,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._operations import PARTS
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._date_formats import format_of_others, formats_by_column, own_format
from barenet.tables.reading._number_forms import form_of_separators
from barenet.tables.reading._parsing import to_number

Classes = tuple[str | int, ...]


class Step:
    """A step, with its arrays, numbers and other parts.

    Steps of a column, of which x is the number, or the seconds of a date; see `steps_of_column`:

    fill : replaces a missing x by `value`.
    scale : (x - center) / scale, not below `low` nor above `high`.
    positions : the position of x in each bin between two of `edges`, as `positions` computes it.
    equals : for each of `numbers`, whether x equals it; with `others`, whether it equals none. For
        a date, x is its `part`.
    one_hot : for each of `n_inputs`, whether it is that of the category: its place in `categories`,
        or else the input `others` or `missing`, where -1 is none.
    waves : the sine and cosine of the `cycle` of a date.
    words : for each of `words`, whether it occurs in the text.
    missing : whether x is missing.

    Steps of a row:

    encode : encodes the columns of a table. The parts are the columns, and the format of the dates,
        or formats by column, if they are not ISO 8601. Not every language has tables, so a row in C
        has one number per column: a category is its index in the column's record, and the next
        index stands for any other category.
    multiply : X, followed by products of two of its numbers, X[first] * X[second] for each pair.
    scale : (X - offset) * factor in float64, then rounded to the network's dtype.
    affine : X @ weights + bias
    quantize : (X - offset) * factor, rounded to 8-bit codes.
    integer : (X @ weights + bias) * multiplier / 2**shift + zero, rounded to 8-bit codes.
    look_up : an activation, as a table with the result for each code from -128 to 127.
    sums : (X @ weights + bias) * step, from codes and integers to floats.
    apply : an activation.
    normalize : gain * ((X - mean) / deviation) + bias, a batch norm with its running averages.
    normalize_row : the same with the mean and variance of each row.
    prelu : X where X > 0, otherwise slopes * X.
    both : the probabilities of both classes, from a single output.
    keep, add, total : the mean of several networks. "keep" stores X, the input of each network;
        "add" adds an output, times a weight, to a total, and returns the stored X; "total" returns
        the total.
    unscale : X / factor + offset in float64, in the units of the target.
    """

    def __init__(self, name: str, **parts: Any) -> None:
        self.name = name
        self.parts = parts

    def __str__(self) -> str:
        if "weights" in self.parts:
            return str(self.parts["bias"].size)
        if "activation" in self.parts:
            return str(self.parts["activation"].name)
        return self.name.replace("_", " ")


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """The steps from a raw row to a prediction; unknown names are empty."""

    steps: tuple[Step, ...]
    dtype: np.dtype[Any]
    n_inputs: int
    n_outputs: int
    #: With classes, the outputs are the probability of each class; without, they are numbers.
    classes: Classes = ()
    #: The classes as Python predictions have them: texts, integers, floats or booleans.
    labels: list[Any] = field(default_factory=list)
    feature_names: tuple[str, ...] = ()
    target_name: str = ""
    dataset: str = ""
    image_shape: tuple[int, int] | None = None
    #: The summary of the model card.
    card: dict[str, Any] = field(default_factory=dict)
    #: The probability from which on the second of two classes is predicted, if it is given.
    threshold: float | None = None
    #: The form of numbers in the CSV files of the training data, if its separators were specified.
    number_form: str = ""

    @property
    def answer(self) -> Literal["numbers", "class"]:
        """The kind of the outputs."""
        return "class" if self.classes else "numbers"

    @property
    def first(self) -> Step | None:
        """The step that takes the raw rows: an encoding or a scaling."""
        for step in self.steps:
            if step.name in ("encode", "scale"):
                return step
        return None

    @property
    def table(self) -> TableEncoding | None:
        """The encoding of the rows of a table."""
        return None if self.first is None else self.first.parts.get("encoding")

    def numbered(self) -> Iterator[tuple[int, Step]]:
        """Enumerate the steps, counting those with the parameters of a layer from 1."""
        number = 0
        for step in self.steps:
            if "bias" in step.parts or "slopes" in step.parts:
                number += 1
            yield number, step

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The maximum rounding error of each input in float32, in units of its spread if known."""
        if self.table:
            errors = np.zeros(len(self.table.used))
            for at, column in enumerate(self.table.used):
                if isinstance(column, NumberColumn):
                    errors[at] = _single_error(column.center, column.scale)
        elif self.first:
            scaling = self.first.parts
            errors = _single_error(scaling["offset"], 1 / scaling["factor"])
        else:
            return np.zeros(self.n_inputs)
        return np.nan_to_num(errors, nan=np.inf)

    @property
    def number_markers(self) -> list[float]:
        """The markers of missing values that are numbers, such as -999."""
        return [] if self.table is None else _numbers_of(self.table.missing)

    def markers_of(self, column: Column) -> list[float]:
        """The markers of missing values in a column that are numbers."""
        return sorted({*self.number_markers, *_numbers_of(column.missing_texts)})

    def sketch(self) -> str:
        """Write the steps in one line."""
        names = []
        texts = []
        for step in self.steps:
            names.append(step.name)
            texts.append(words(str(step)))
        n_networks = names.count("add")
        if n_networks:  # only the count is shown
            start = names.index("add")
            stop = names.index("total") + 1
            texts[start:stop] = [f"mean of {n_networks}"]
            texts.remove("keep")
        return " -> ".join([str(self.n_inputs), *texts])


def _numbers_of(texts: Iterable[str]) -> list[float]:
    """Return the texts that are numbers, in ascending order."""
    numbers = set()
    for text in texts:
        number = to_number(text)
        if number is not None:
            numbers.add(number)
    return sorted(numbers)


def unsupported_column(column: Column, reason: str) -> ArgumentError:
    """Return the error for a column that a language has no type for."""
    problem = f"column {column.name!r} holds a {column.kind}, {reason}"
    remedy = "use {to} or {to_}"
    return ArgumentError(problem, argument="model", remedy=remedy, to="python", to_="json")


def refuse_words(program: Program, language: str) -> None:
    """Refuse columns of texts in a language whose exports can't split texts into words."""
    names: list[str] = []
    if program.table:
        names.extend(
            column.name for column in program.table.used if isinstance(column, WordsColumn)
        )
    if not names:
        return
    noun = "columns" if len(names) > 1 else "column"
    listed = some([repr(name) for name in names])
    problem = f"{noun} {listed}: exports to {language} do not split texts into words"
    remedy = "use {to} or {to_}, or train without the text, {columns}"
    columns = dict.fromkeys(names, "drop")
    raise ArgumentError(
        problem, argument="model", remedy=remedy, to="python", to_="json", columns=columns
    )


def program_of(model: Any) -> Program:
    """Convert a model to the steps of a prediction."""
    fitted = without_estimator(model)
    program = _assemble(fitted)
    is_estimator = fitted is not model
    if is_estimator and fitted.labels is not None and fitted.labels.dtype == bool:
        return replace(program, classes=(0, 1))
    return program


def without_estimator(model: Any) -> Any:
    """Return a network or a predictor unchanged, or make a predictor from an estimator."""
    if isinstance(model, Model | Predictor):
        return model
    if not hasattr(model, "fit"):
        expected = "a Network, Ensemble or Predictor, or a fitted MLPClassifier, MLPRegressor or"
        raise ArgumentError.of("model", model, f"{expected} pipeline of one")
    return Predictor.from_estimator(model, target_name="")


def _date_formats(encoding: TableEncoding, setting: Any) -> str | dict[str, str] | None:
    """Return the date format of all columns, or a dictionary of the formats by column."""
    if not isinstance(setting, str | list | tuple):
        return None
    if isinstance(setting, str) and not formats_by_column(setting):
        return setting
    formats = {}
    for column in encoding.used:
        date_format = own_format(setting, column.name) or format_of_others(setting)
        if isinstance(column, DateColumn) and date_format is not None:
            formats[column.name] = date_format
    return formats


def _assemble(model: Model | Predictor) -> Program:
    """Join the steps of a network with the steps of its model before and after them."""
    network: Model
    network = model.network if isinstance(model, Predictor) else model
    if network.n_inputs is None or network.n_outputs is None:
        raise ArgumentError("no layer fixes the number of inputs", argument="model", value=network)
    steps = [*_steps_of(network)]
    if not isinstance(model, Predictor):
        return Program(
            steps=tuple(steps),
            dtype=network.dtype,
            n_inputs=network.n_inputs,
            n_outputs=network.n_outputs,
        )
    before = model.preprocessing
    after = model.target_scaling
    settings: Mapping[str, Any] = {}
    card: dict[str, Any] = {}
    if model.card is not None:
        settings = model.card.settings
        card = model.card.summary()
    if isinstance(before, TableEncoding):
        dates = _date_formats(before, settings.get("date_format"))
        first_steps = [Step("encode", encoding=before, date_format=dates)]
        if before.pairs:
            first, second = before.factors_of_pairs
            first_steps.append(
                Step("multiply", first=first.astype(np.int32), second=second.astype(np.int32))
            )
        steps = [*first_steps, *steps]
    elif before.name != "none" or _changes(before):  # ONNX inputs depend on the name
        steps.insert(0, Step("scale", offset=before.offset, factor=before.factor))
    if after is not None and _changes(after):
        steps.append(Step("unscale", offset=after.offset, factor=after.factor))
    classes: Classes = model.classes or ()
    labels: list[Any] = []
    if model.labels is not None:
        labels = model.labels.tolist()
        if network.n_outputs == 1:
            steps.append(Step("both"))
        if model.labels.dtype.kind == "i":
            classes = tuple(labels)
    return Program(
        steps=tuple(steps),
        dtype=network.dtype,
        n_inputs=len(model.feature_names) or network.n_inputs,
        n_outputs=len(classes) or network.n_outputs,
        classes=classes,
        labels=labels,
        feature_names=model.feature_names,
        target_name=model.target_name,
        dataset=model.dataset,
        image_shape=model.image_shape,
        card=card,
        threshold=model.threshold,
        number_form=form_of_separators(settings.get("thousands"), settings.get("decimal")),
    )


def _changes(scaling: Scaling) -> bool:
    """Return whether a scaling changes any numbers."""
    return bool(scaling.offset.any() or (scaling.factor != 1).any())


def _steps_of(model: Model) -> Iterator[Step]:
    """Return the steps of a network, or those of several with the same inputs, and their mean."""
    if isinstance(model, Ensemble):
        yield Step("keep")
    for network in networks_of(model):
        check_numbers(network, "model")
        for layer in network.layers:
            yield from _layer_steps(layer)
        if isinstance(model, Ensemble):
            yield Step("add", weight=model.weight)
    if isinstance(model, Ensemble):
        yield Step("total")


def _layer_steps(layer: Layer) -> Iterator[Step]:
    """Return the steps of a layer for prediction."""
    if type(layer) not in _STEPS:
        problem = f"{layer!r} is a user-defined layer, which no export can compute"
        remedy = "write it in terms of barenet's layers, or export the layers before it"
        raise ArgumentError(problem, argument="model", remedy=remedy)
    step = _STEPS[type(layer)](layer)
    if step is not None:
        yield step
    if layer.activation is not None and not declared(layer.activation, "formula"):
        problem = f"{layer.activation!r} declares no formula, from which an export is written"
        raise ArgumentError(problem, argument="model", remedy="give its class a `formula`")
    check_formulas(layer.activation, "model", "formula", "stable_formula")
    if not isinstance(layer.activation, Identity | None):
        yield Step("apply", activation=layer.activation)


def _affine(layer: Any) -> Step:
    return Step("affine", weights=layer.weights, bias=layer.bias)


def _normalize_row(layer: Any) -> Step:
    return Step("normalize_row", epsilon=layer.epsilon, gain=layer.gain, bias=layer.bias)


def _prelu(layer: Any) -> Step:
    return Step("prelu", slopes=layer.slopes)


def _normalize(layer: Any) -> Step:
    deviation = np.sqrt(layer.variance + layer.epsilon)
    return Step("normalize", mean=layer.mean, deviation=deviation, gain=layer.gain, bias=layer.bias)


def _no_step(layer: Any) -> None:
    """Add nothing: the layer is only an activation, or has no effect on predictions."""


#: The step before the activation, by the exact class: a subclass may compute something else.
_STEPS: dict[type[Layer], Callable[[Any], Step | None]] = {
    Dense: _affine,
    ActivationLayer: _no_step,
    Dropout: _no_step,
    BatchNorm: _normalize,
    LayerNorm: _normalize_row,
    PReLU: _prelu,
}


def steps_of_column(column: Column) -> Iterator[Step]:
    """Return the operations of a column: its inputs are those of all steps after `fill`."""
    if isinstance(column, CategoryColumn):
        others = len(column.categories) if column.rare else -1
        n_inputs = len(column.inputs)
        yield Step(
            "one_hot",
            categories=column.categories,
            n_inputs=n_inputs,
            others=others,
            missing=n_inputs - 1 if column.missing else others,
        )
    elif isinstance(column, WordsColumn):
        yield Step("words", words=column.words)
        if column.missing:
            yield Step("missing")
    elif isinstance(column, FilledColumn):
        yield Step("fill", value=column.fill_value)
        yield from _steps_of_number(column)
        if isinstance(column, DateColumn):
            yield from _steps_of_date(column)
        if column.indicator:
            yield Step("missing")


def _steps_of_number(column: FilledColumn) -> Iterator[Step]:
    """Return the operations of a number, or of the seconds of a date."""
    number = column.seconds_column if isinstance(column, DateColumn) else column
    limits = number.limits if isinstance(number, PiecewiseColumn) else (-np.inf, np.inf)
    low, high = limits
    yield Step("scale", center=column.center, scale=column.scale, low=low, high=high)
    if isinstance(number, PiecewiseColumn):
        yield Step("positions", edges=number.edges)
        if number.codes:
            yield Step("equals", numbers=number.codes, others=True, part="")


def _steps_of_date(column: DateColumn) -> Iterator[Step]:
    """Return the operations of the cycles, the parts and the days of a date."""
    for cycle in column.cycles:
        yield Step("waves", cycle=cycle)
    for part in column.parts:
        yield Step("equals", numbers=tuple(range(len(PARTS[part]))), others=False, part=part)
    if column.days:
        yield Step("equals", numbers=column.days, others=False, part=DAY_PART)


def _single_error(center: Any, scale: Any) -> NDArray[np.float64]:
    """Bound the rounding error of numbers in float32, in units of their scale."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.asarray(np.abs(center) + np.abs(scale), np.float32)
        rounding = np.spacing(size) / 2
        # Subnormal numbers, below about 1e-38, may be treated as 0.
        smallest = np.finfo(np.float32).tiny
        error = np.maximum(rounding, smallest)
        return error / np.abs(scale)

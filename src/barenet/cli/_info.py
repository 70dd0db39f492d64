"""``barenet info``: the contents of a model file and its model card."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from barenet.cli._console import emit, emit_json, emit_table
from barenet.cli._flags import Json
from barenet.cli._scores import HEADINGS, format_score
from barenet.cli._text_graphics import sparkline
from barenet.cli._trained_model import model_file
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.files._description import rows_name
from barenet.files._model_card import ModelCard
from barenet.files._model_io import load
from barenet.files._predictor import Predictor
from barenet.files._training_log import TrainingLog
from barenet.model._network import Network

__all__ = ["info"]

#: Characters of a setting that are shown.
MAX_CHARACTERS = 60

#: The curves that are drawn.
CURVES = {"loss": "loss", "validation_loss": "validation loss", "test_loss": "test loss"}


def info(model: Path, /, *, json: Json = False) -> int:
    """Show the contents of a model file.

    Its inputs and its target, its layers, the training data, the scores, the learning curves and
    the settings of the training. All of it is in the file itself.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    json : bool
        Print JSON, for programs. Epochs are counted from 1.

    Returns
    -------
    int
        The exit status.
    """
    path = model_file(model)
    loaded, size = load(path), path.stat().st_size
    predictor = loaded if isinstance(loaded, Predictor) else None
    network = loaded.network if isinstance(loaded, Predictor) else loaded
    if json:
        document = {} if predictor is None else _predictor_document(predictor)
        emit_json({"model": str(path), "bytes": size, **_network_document(network), **document})
        return 0
    lines = [("model", f"{path}, {size:,} bytes")]
    emit_table([], [*lines, *([] if predictor is None else _description(predictor))])
    emit(f"\n{network.summary()}")
    if predictor is not None:
        _emit_columns(predictor)
        _emit_card(predictor.card or ModelCard())
    return 0


def _network_document(network: Network) -> dict[str, Any]:
    return {
        "layers": [layer.config() for layer in network.layers],
        "n_inputs": network.n_inputs,
        "n_outputs": network.n_outputs,
        "n_parameters": network.n_parameters,
        "dtype": network.dtype.name,
    }


def _predictor_document(predictor: Predictor) -> dict[str, Any]:
    """The inputs, the outputs and the model card."""
    encoding, target = predictor.preprocessing, predictor.target_scaling
    table = encoding if isinstance(encoding, TableEncoding) else None
    return {
        "dataset": predictor.dataset,
        "target": predictor.target_name,
        "classes": predictor.classes,
        "feature_names": predictor.feature_names,
        "image_shape": predictor.image_shape,
        "scaling": encoding.name if isinstance(encoding, Scaling) else None,
        "columns": table.to_dict()["columns"] if table else None,
        "target_scaling": target.name if target else None,
        **_card_document(predictor.card),
    }


def _card_document(card: ModelCard | None) -> dict[str, Any]:
    """The model card, with epochs counted from 1 instead of 0."""
    if card is None:
        return dict.fromkeys(ModelCard().to_dict())
    document: dict[str, Any] = card.to_dict()
    if card.log is not None:
        history = {**document["training"]["history"], "epoch": list(card.log.epochs)}
        document["training"] |= {"best_epoch": card.log.best_epoch, "history": history}
    return document


def _description(predictor: Predictor) -> Iterator[tuple[str, str]]:
    """The inputs and the target, and the origin of the model."""
    for heading, text in predictor.description().items():
        if heading != "network":  # its layers are shown in a table
            yield heading, text
    card = predictor.card or ModelCard()
    if card.versions:
        yield "trained with", ", ".join(f"{name} {each}" for name, each in card.versions.items())
    if card.data_fingerprint:
        yield "data's fingerprint", card.data_fingerprint


def _emit_columns(predictor: Predictor) -> None:
    """Print the encoding of each column of a table."""
    if isinstance(encoding := predictor.preprocessing, TableEncoding):
        emit()
        lines = [
            [each.name, each.kind, str(len(each.outputs)), each.formula]
            for each in encoding.columns
        ]
        emit_table(["column", "kind", "numbers", "how"], lines)


def _emit_card(card: ModelCard) -> None:
    """Print the scores, the learning curves and the settings."""
    if card.scores:
        emit()
        _emit_scores(card)
    if card.log is not None and (curves := [*_curves(card.log)]):
        emit()
        emit_table([], curves)
    if card.settings:
        emit()
        pairs = [(name.replace("_", "-"), _format(value)) for name, value in card.settings.items()]
        half = (len(pairs) + 1) // 2
        right = [*pairs[half:], *[("", "")] * (2 * half - len(pairs))]
        lines = [[*a, *b] for a, b in zip(pairs[:half], right, strict=True)]
        emit_table(["setting", "value"] * 2, lines)


def _emit_scores(card: ModelCard) -> None:
    """Print a line of scores for each set of rows, the loss last and by its name."""
    loss = {"loss": str(card.settings.get("loss", "loss")).partition(":")[0]}
    measured = dict.fromkeys(name for scores in card.scores.values() for name in scores)
    names = {name: HEADINGS.get(name, name) for name in measured if name != "loss"} | loss
    lines = []
    for rows, scores in card.scores.items():
        number = f"{card.rows[rows]:,} " if rows in card.rows else ""
        cells = [format_score(name, scores[name]) if name in scores else "" for name in names]
        lines.append([f"{number}{rows_name(rows)}", *cells])
    emit_table(["scores on", *names.values()], lines, numbers=1)


def _curves(log: TrainingLog) -> Iterator[tuple[str, str]]:
    for name, label in CURVES.items():
        if name in log.curves:
            curve = [math.nan if each is None else each for each in log.curves[name]]
            ends = f"{curve[0]:.5g} → {curve[log.epochs.index(log.selected_epoch)]:.5g}"
            yield label, f"{sparkline(log.epochs, curve)}  {ends}"


def _format(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"

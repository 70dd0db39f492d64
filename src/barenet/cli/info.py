"""``barenet info``: the card of a model file: what it is, trained on what, how well, and how."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from barenet.cli.console import emit, emit_json, emit_table
from barenet.cli.flags import Json
from barenet.cli.scores import HEADINGS, format_score
from barenet.cli.text_graphics import sparkline
from barenet.cli.trained_model import model_file
from barenet.data.encoding import TableEncoding
from barenet.files.description import rows_name
from barenet.files.model_card import ModelCard
from barenet.files.model_io import load
from barenet.files.predictor import Predictor
from barenet.files.training_log import TrainingLog
from barenet.model.network import Network

__all__ = ["info"]

#: Characters of a setting that are shown.
MOST_CHARACTERS = 60

#: What the curves of a log are called that are drawn.
CURVES = {"loss": "loss", "validation_loss": "validation loss", "test_loss": "test loss"}


def info(model: Path, /, *, json: Json = False) -> int:
    """Show what a model file holds.

    Its inputs and its target, its layers, the training data, the scores, the course of the
    training and its settings. All of it is in the file itself.

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
    held = load(path)
    predictor, network = (held, held.network) if isinstance(held, Predictor) else (None, held)
    if json:
        about = {} if predictor is None else _answers(predictor)
        emit_json({"model": str(path), "bytes": path.stat().st_size, **_layers(network), **about})
        return 0
    rows = [("model", f"{path}, {path.stat().st_size:,} bytes")]
    rows += [] if predictor is None else [*_described(predictor)]
    _show_pairs(rows)
    emit(f"\n{network.summary()}")
    if predictor is not None:
        _show_columns(predictor)
        _show_card(predictor)
    return 0


def _layers(network: Network) -> dict[str, Any]:
    return {
        "layers": [layer.config() for layer in network.layers],
        "n_inputs": network.n_inputs,
        "n_outputs": network.n_outputs,
        "n_parameters": network.n_parameters,
        "dtype": network.dtype.name,
    }


def _answers(predictor: Predictor) -> dict[str, Any]:
    """What goes in and comes out, and the card."""
    target, before = predictor.target_scaling, predictor.preprocessing
    table = before.to_dict()["columns"] if isinstance(before, TableEncoding) else None
    card = predictor.card
    told: dict[str, Any] = dict.fromkeys(ModelCard().to_dict()) if card is None else card.to_dict()
    if card is not None and card.log is not None:  # in the file, epochs are counted from 0
        epochs = {**told["training"]["history"], "epoch": list(card.log.epochs)}
        told["training"] |= {"best_epoch": card.log.best_epoch, "history": epochs}
    return {
        "dataset": predictor.dataset,
        "target": predictor.target_name,
        "classes": predictor.classes,
        "feature_names": predictor.feature_names,
        "image_shape": predictor.image_shape,
        "scaling": None if isinstance(before, TableEncoding) else before.name,
        "columns": table,
        "target_scaling": target.name if target else None,
        **told,
    }


def _described(predictor: Predictor) -> Iterator[tuple[str, str]]:
    """Say what it does and where it comes from, to the last digit."""
    for heading, text in predictor.description().items():
        if heading != "network":  # its layers are shown in a table
            yield heading, text
    card = predictor.card or ModelCard()
    if card.versions:
        yield "trained with", ", ".join(f"{name} {said}" for name, said in card.versions.items())
    if card.data_fingerprint:
        yield "data's fingerprint", card.data_fingerprint


def _show_columns(predictor: Predictor) -> None:
    """Put out what is done to each column of a table."""
    if isinstance(encoding := predictor.preprocessing, TableEncoding):
        emit()
        lines = [
            [each.name, each.kind, str(len(each.outputs)), each.formula]
            for each in encoding.columns
        ]
        emit_table(["column", "kind", "numbers", "how"], lines)


def _show_card(predictor: Predictor) -> None:
    """Put out how good it is, how it has learned, and with which settings."""
    card = predictor.card or ModelCard()
    if card.scores:
        emit()
        _show_scores(card)
    if card.log is not None and (curves := [*_curves(card.log)]):
        emit()
        _show_pairs(curves)
    if card.settings:
        emit()
        told = [(name.replace("_", "-"), _write(value)) for name, value in card.settings.items()]
        half = (len(told) + 1) // 2
        beside = [*told[half:], *[("", "")] * (2 * half - len(told))]
        pairs = zip(told[:half], beside, strict=True)
        emit_table(["setting", "value"] * 2, [[*left, *right] for left, right in pairs])


def _show_scores(card: ModelCard) -> None:
    """Put out what was measured in the end, a line for each of the rows, the loss by its name."""
    loss = {"loss": str(card.settings.get("loss", "loss")).partition(":")[0]}
    measured = dict.fromkeys(name for scores in card.scores.values() for name in scores)
    names = {name: HEADINGS.get(name, name) for name in measured if name != "loss"} | loss
    lines = []
    for rows, scores in card.scores.items():
        number = f"{card.rows[rows]:,} " if rows in card.rows else ""
        said = [format_score(name, scores[name]) if name in scores else "" for name in names]
        lines.append([f"{number}{rows_name(rows)}", *said])
    emit_table(["scores on", *names.values()], lines, numbers=1)


def _curves(log: TrainingLog) -> Iterator[tuple[str, str]]:
    for name, label in CURVES.items():
        if name in log.curves:
            curve = log.curves[name]
            ends = f"{curve[0]:.5g} → {log.at(log.selected_epoch)[name]:.5g}"
            yield label, f"{sparkline(log.epochs, curve)}  {ends}"


def _show_pairs(rows: list[tuple[str, str]]) -> None:
    """Put out names and what is said of them."""
    emit_table([], rows)


def _write(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"

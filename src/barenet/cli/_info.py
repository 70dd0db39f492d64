"""``barenet info``: the contents of a model file and its model card."""

from pathlib import Path
from typing import Any

from barenet import Predictor, Scaling, TableEncoding
from barenet.cli._console import emit, emit_json, emit_table
from barenet.cli._flags import Off
from barenet.cli._scores import emit_scores
from barenet.engines import Ensemble, Model, networks_of
from barenet.files._model_card import ModelCard, rows_name
from barenet.files._model_io import PLAIN, load
from barenet.files._model_path import model_file
from barenet.model.losses import as_loss
from barenet.tasks._description import describe_columns, describe_origin

#: Characters of a setting that are shown.
MAX_CHARACTERS = 60


def info(model: Path, /, *, json: Off = False) -> None:
    """Show the contents of a model file.

    Its inputs and its target, its layers, the training data, the scores and the settings of the
    training. All of it is in the file itself.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    json : bool
        Print JSON, for programs. Epochs are counted from 1.
    """
    path = model_file(model)
    loaded, size = load(path), path.stat().st_size
    predictor = loaded if isinstance(loaded, Predictor) else None
    network = loaded.network if isinstance(loaded, Predictor) else loaded
    if json:
        document = {"model": str(path), "bytes": size, **_network_document(network)}
        emit_json(document | (_predictor_document(predictor) if predictor else {}))
        return
    origin = describe_origin(predictor) if predictor else ()
    shown = [line for line in origin if line[0] != "network"]  # its layers are shown in a table
    emit_table([], [("model", f"{path}, {size:,} bytes"), *shown])
    emit(f"\n{network.summary()}")
    if predictor:
        if columns := describe_columns(predictor.preprocessing):
            emit()
            rows = [[str(cell) for cell in column.values()] for column in columns]
            emit_table(["column", "kind", "numbers", "how"], rows)
        _emit_card(predictor)


def _network_document(network: Model) -> dict[str, Any]:
    several = {"networks": len(network.networks)} if isinstance(network, Ensemble) else {}
    return {
        **several,
        "layers": [layer.config() for layer in networks_of(network)[0].layers],
        **{name: getattr(network, name) for name in ("n_inputs", "n_outputs", "n_parameters")},
        "dtype": network.dtype.name,
    }


def _predictor_document(predictor: Predictor) -> dict[str, Any]:
    """The inputs, the outputs and the model card, with epochs counted from 1 instead of 0."""
    encoding, target, card = predictor.preprocessing, predictor.target_scaling, predictor.card
    document: dict[str, Any] = card.to_dict() if card else dict.fromkeys(ModelCard().to_dict())
    if card and card.log:
        history = {**document["training"]["history"], "epoch": list(card.log.epochs)}
        document["training"] |= {"best_epoch": card.log.best_epoch, "history": history}
    return {
        "target": predictor.target_name,
        **{name: getattr(predictor, name) for name in PLAIN if name != "target_name"},
        "classes": predictor.labels,
        "scaling": encoding.name if isinstance(encoding, Scaling) else None,
        "columns": encoding.to_dict()["columns"] if isinstance(encoding, TableEncoding) else None,
        "target_scaling": target.name if target else None,
        **document,
    }


def _emit_card(predictor: Predictor) -> None:
    """Print the scores and the settings."""
    card = predictor.card or ModelCard()
    if card.scores:
        emit()
        numbers = {rows: f"{card.rows[rows]:,} " for rows in card.scores if rows in card.rows}
        lines = [
            ((f"{numbers.get(rows, '')}{rows_name(rows)}",), scores)
            for rows, scores in card.scores.items()
        ]
        default = as_loss(None, predictor.network.output_activation).name
        emit_scores(("scores on",), lines, str(card.settings.get("loss", default)))
    if card.settings:
        emit()
        pairs = [[name.replace("_", "-"), _format(value)] for name, value in card.settings.items()]
        emit_table(["setting", "value"], pairs)


def _format(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"

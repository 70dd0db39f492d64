"""``barenet info``: show the contents of a model file and its model card."""

from pathlib import Path
from typing import Any

from barenet import Predictor, Scaling, TableEncoding
from barenet.cli._console import emit, emit_json, emit_table
from barenet.cli._flags import Off
from barenet.cli._score_tables import ScoreLine, emit_scores
from barenet.files._model_card import ModelCard, rows_name
from barenet.files._model_io import PLAIN, load
from barenet.files._model_path import model_file
from barenet.model._ensemble import Ensemble, Model, networks_of
from barenet.model.losses import as_loss
from barenet.tasks._description import describe_columns, describe_origin

#: Maximum number of characters of a setting that are shown.
MAX_CHARACTERS = 60


def info(model: Path, /, *, json: Off = False) -> None:
    """Show the contents of a model file.

    The output has the inputs, the target, the layers, the training data, the scores and the
    settings of the training. Everything comes from the file itself.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    json : bool
        Print JSON, for programs. Epochs are counted from 1.
    """
    path = model_file(model)
    loaded = load(path)
    size = path.stat().st_size
    predictor: Predictor | None = None
    if isinstance(loaded, Predictor):
        predictor = loaded
        network = loaded.network
    else:
        network = loaded
    if json:
        document = {"model": str(path), "bytes": size, **_network_document(network)}
        if predictor:
            document |= _predictor_document(predictor)
        emit_json(document)
        return
    lines = [("model", f"{path}, {size:,} bytes")]
    if predictor:
        # Without the layers, which the table below shows.
        lines.extend(line for line in describe_origin(predictor) if line[0] != "network")
    emit_table([], lines)
    emit(f"\n{network.summary()}")
    if predictor:
        columns = describe_columns(predictor.preprocessing)
        if columns:
            emit()
            descriptions = [[str(cell) for cell in column.values()] for column in columns]
            emit_table(["column", "kind", "numbers", "how"], descriptions)
        _emit_card(predictor)


def _network_document(network: Model) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if isinstance(network, Ensemble):
        document["networks"] = len(network.networks)
    document["layers"] = [layer.config() for layer in networks_of(network)[0].layers]
    document["n_inputs"] = network.n_inputs
    document["n_outputs"] = network.n_outputs
    document["n_parameters"] = network.n_parameters
    document["dtype"] = network.dtype.name
    return document


def _predictor_document(predictor: Predictor) -> dict[str, Any]:
    """The inputs, the outputs and the model card, with epochs counted from 1 instead of 0."""
    encoding = predictor.preprocessing
    card = predictor.card
    document: dict[str, Any]
    document = card.to_dict() if card else dict.fromkeys(ModelCard().to_dict())
    if card and card.log:
        history = {**document["training"]["history"], "epoch": list(card.log.epochs)}
        document["training"] |= {"best_epoch": card.log.best_epoch, "history": history}
    attributes = {name: getattr(predictor, name) for name in PLAIN if name != "target_name"}
    scaling = None
    columns = None
    if isinstance(encoding, Scaling):
        scaling = encoding.name
    elif isinstance(encoding, TableEncoding):
        columns = encoding.to_dict()["columns"]
    target_scaling = predictor.target_scaling.name if predictor.target_scaling else None
    return {
        "target": predictor.target_name,
        **attributes,
        "classes": predictor.labels,
        "scaling": scaling,
        "columns": columns,
        "target_scaling": target_scaling,
        **document,
    }


def _emit_card(predictor: Predictor) -> None:
    """Print the scores and the settings."""
    card = predictor.card or ModelCard()
    if card.scores:
        emit()
        lines = []
        for kind_of_rows, scores in card.scores.items():
            label = rows_name(kind_of_rows)
            if kind_of_rows in card.rows:
                label = f"{card.rows[kind_of_rows]:,} {label}"
            lines.append(ScoreLine([label], scores))
        default = as_loss(None, predictor.network.output_activation).name
        emit_scores(("scores on",), lines, str(card.settings.get("loss", default)))
    if card.settings:
        emit()
        settings = []
        for name, value in card.settings.items():
            option = name.replace("_", "-")
            settings.append([option, _format(value)])
        emit_table(["setting", "value"], settings)


def _format(value: Any) -> str:
    text = str(value)
    if isinstance(value, tuple):
        text = " ".join(map(str, value))
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]}…"
    return text

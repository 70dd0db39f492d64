"""``barenet info``: the card of a model file: what it is, trained on what, how well, and how."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from barenet.cli.console import show, show_json, show_table
from barenet.cli.flags import Json
from barenet.cli.run_folder import HISTORY, read_history
from barenet.cli.trained import MODEL, load_trained, model_file
from barenet.data.columns import column_from_dict
from barenet.data.encoding import TableEncoding
from barenet.errors import DataError
from barenet.files.model_file import read_model
from barenet.files.predictor import Predictor
from barenet.model.network import Network

__all__ = ["info"]

#: Curves that tell how it was learned, and not how well.
NOT_SCORES = ("gradient_norm", "learning_rate", "seconds")

#: Names that are shown; more make a card that nobody reads.
MOST_NAMES = 8


def info(model: Path, /, *, json: Json = False) -> int:
    """Tell what a model file holds.

    What it predicts and from what, its layers, the data that it was trained on; and if it lies in
    the folder of its run, how good it was at the end, and with which settings.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    path = model_file(model)
    network, extra, _ = read_model(path)
    card = {"model": str(path), "bytes": path.stat().st_size, **_network(network)}
    if "scaling" in extra:
        trained = load_trained(path)
        recipe = trained.settings.recipe.said() if trained.settings else None
        patience = recipe is not None and "patience" in recipe
        run = {"training": _training(path, patience), "settings": recipe}
        card |= {**_answers(trained.predictor), **run}
    if json:
        show_json(card)
    else:
        _show(card, network)
    return 0


def _network(network: Network) -> dict[str, Any]:
    return {
        "layers": [layer.config() for layer in network.layers],
        "n_inputs": network.n_inputs,
        "n_outputs": network.n_outputs,
        "n_parameters": network.n_parameters,
        "dtype": network.dtype.name,
    }


def _answers(predictor: Predictor) -> dict[str, Any]:
    """What goes in and comes out."""
    target, before = predictor.target_scaling, predictor.preprocessing
    table = before.to_dict()["columns"] if isinstance(before, TableEncoding) else None
    return {
        "dataset": predictor.dataset,
        "target": predictor.target_name,
        "classes": predictor.classes,
        "feature_names": predictor.feature_names,
        "image_shape": predictor.image_shape,
        "scaling": None if isinstance(before, TableEncoding) else before.name,
        "columns": table,
        "target_scaling": target.name if target else None,
    }


def _training(path: Path, patience: bool) -> dict[str, Any] | None:
    """The epoch whose weights were kept, if the history of the run is beside the model."""
    if path.name != MODEL:
        return None
    with contextlib.suppress(OSError, DataError):
        history = read_history(path.with_name(HISTORY))
        epochs, losses = len(history), history.validation_loss
        if epochs:
            best = losses.index(min(losses)) if patience and losses else epochs - 1
            curves = history.curves.items()
            scores = {name: float(curve[best]) for name, curve in curves if name not in NOT_SCORES}
            return {"epochs": epochs, "epoch": best + 1, "scores": scores}
    return None


def _show(card: dict[str, Any], network: Network) -> None:
    """Put out the card for people."""
    rows = [["model", f"{card['model']}, {card['bytes']:,} bytes"]]
    if "dataset" in card:
        rows += [
            ["trained on", card["dataset"]],
            ["predicts", _predicts(card)],
            ["from", _inputs(card)],
            ["scaling", _scaling(card)],
        ]
    if training := card.get("training"):
        scores = ", ".join(f"{k.replace('_', ' ')} {v:.4g}" for k, v in training["scores"].items())
        rows += [[f"epoch {training['epoch']} of {training['epochs']}", scores]]
    show_table(["what", "found"], rows)
    show(f"\n{network.summary()}")
    if columns := card.get("columns"):
        show()
        records = map(column_from_dict, columns)
        lines = [[each.name, each.kind, str(len(each.outputs)), each.formula] for each in records]
        show_table(["column", "kind", "numbers", "how"], lines)
    if settings := card.get("settings"):
        show()
        show_table(
            ["setting", "value"],
            [[name.replace("_", "-"), _write(v)] for name, v in settings.items()],
        )


def _predicts(card: dict[str, Any]) -> str:
    if card["classes"] is None:
        return f"{card['target']}, {'a number' if card['n_outputs'] == 1 else 'numbers'}"
    return f"{card['target']}, one of {len(card['classes'])}: {_some(card['classes'])}"


def _inputs(card: dict[str, Any]) -> str:
    if card["image_shape"]:
        height, width = card["image_shape"]
        return f"images of {height} × {width} pixels"
    return f"{len(card['feature_names'])} features: {_some(card['feature_names'])}"


def _scaling(card: dict[str, Any]) -> str:
    target, how = card["target_scaling"], card["scaling"] or "column by column, as below"
    return how + (f", and the target: {target}" if target else "")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


def _write(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

"""Where a model of the command line comes from: what a run knows, on the card in its model file.

No path is on it, and nothing that tells when or in how many threads: so the same run makes the same
file in every folder, and says nothing of the machine of whoever has trained it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cyclopts import CycloptsError

from barenet.cli.run_file import parse_run_file
from barenet.cli.settings import Settings
from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS
from barenet.data.fingerprint import fingerprint
from barenet.data.frame import Frame
from barenet.files.model_card import ModelCard

__all__ = ["card_of", "card_settings", "fingerprint_of", "finite", "settings_of"]

#: What is a folder of one's own, or decides nothing of the network.
NOT_ON_A_CARD = ("data_dir", "verbose_epoch")

#: Paths, of which the last part is told.
PATHS = ("data", "start_from")


def card_of(
    settings: Settings,
    dataset: Dataset,
    feature_names: Sequence[str],
    parts: Mapping[str, Dataset | None],
) -> ModelCard:
    """Begin the card of a run: all that is known before it."""
    return ModelCard(
        settings=card_settings(settings),
        data_fingerprint=fingerprint_of(dataset, feature_names),
        rows={name: part.n_samples for name, part in parts.items() if part is not None},
    )


def fingerprint_of(dataset: Dataset, feature_names: Sequence[str]) -> str:
    """Compute the fingerprint of the rows that a network learns from, or is measured on."""
    X = dataset.X.select(feature_names) if isinstance(dataset.X, Frame) else dataset.X
    return fingerprint(X, dataset.y)


def card_settings(settings: Settings) -> dict[str, Any]:
    """Choose what a card tells of the settings of a run."""
    said = {
        name: value for name, value in settings.set_fields().items() if name not in NOT_ON_A_CARD
    }
    return _without_folders(said)


def settings_of(card: ModelCard | None) -> Settings | None:
    """Read the settings of a run from a card."""
    if card is None or not {"data", "test_size"} <= card.settings.keys():
        return None
    import tomli_w

    said = {name: value for name, value in card.settings.items() if name != "config"}
    if any("\0" in str(said.get(name)) for name in PATHS):  # No file is called so.
        return None
    try:
        return parse_run_file(tomli_w.dumps(_without_folders(said)))
    except (CycloptsError, TypeError, ValueError):
        return None


def finite(scores: Mapping[str, float]) -> dict[str, float]:
    """Leave out what is no number, which a card has no place for."""
    return {name: float(score) for name, score in scores.items() if math.isfinite(score)}


def _without_folders(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _last_part(value) if name in PATHS else value for name, value in said.items()}


def _last_part(path: str) -> str:
    """Name a file without its folder, in text that every file can hold."""
    name = path if path in DATASETS else Path(path).name
    return name.encode("utf-8", "replace").decode()

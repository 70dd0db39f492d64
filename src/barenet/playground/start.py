"""Start: from the words after `barenet play` to what the page shows first."""

from __future__ import annotations

from pathlib import Path

from barenet.data.datasets import canonical_name
from barenet.data.file_io import CSV_SUFFIXES, plain_name
from barenet.data.run_config import RunConfig
from barenet.playground.models import NOTHING_KNOWN
from barenet.playground.scene import Scene
from barenet.playground.sets import NAMED
from barenet.playground.shelf import Shelf
from barenet.playground.state import State
from barenet.registry import lookup

__all__ = ["begin_with", "begin_with_model", "is_csv"]


def is_csv(said: str) -> bool:
    """Tell if a word names a table that the page can show."""
    return plain_name(said).endswith(CSV_SUFFIXES)


def begin_with(said: str, target: str, shelf: Shelf, header: bool | None = None) -> State:
    """Find out what data were named."""
    if is_csv(said):
        path = Path(said)
        key = shelf.tables.open(path.name, path, header)
        state = State(scene=Scene(data=key, target=target))
        shelf.material(state.scene)
        return state
    if header is not None:
        raise ValueError("header: only a .csv file has a header")
    if target:
        raise ValueError("target: only a .csv file has columns to choose from")
    if not said:
        return State()
    name = canonical_name(said)
    lookup(dict.fromkeys(NAMED), name, "data")
    return State.suited(name)


def begin_with_model(
    path: Path,
    rows: str,
    shelf: Shelf,
    config: RunConfig = NOTHING_KNOWN,
    header: bool | None = None,
) -> State:
    """Open a model with the rows that it was trained on."""
    key = shelf.tables.open(Path(rows).name, Path(rows), header) if rows else ""
    state = shelf.open_model(path, key, config)
    if rows and not state.scene.rows:
        if shelf.outputs(state.scene):
            raise ValueError(
                f"rows: {path} predicts several numbers for each row, and of a table one column is "
                "learned; open it without rows, or train a model for each"
            )
        missing = [n for n in shelf.wanted(state.scene.data) if n not in shelf.tables.columns(key)]
        raise ValueError(f"rows: {rows} has no column {', '.join(missing)}, which {path} needs")
    shelf.material(state.scene)
    return state

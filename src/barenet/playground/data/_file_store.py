"""The files of the playground: its tables and models, each with a key that the page uses."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from barenet.errors import ArgumentError
from barenet.playground.data import _data_sources as sources
from barenet.playground.data._opened_models import UNKNOWN, Model, open_model
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.data._table_file import TableFile, open_table
from barenet.playground.state._page_state import (
    HAND_DRAWN,
    TEST_SIZES,
    DataSettings,
    PageState,
    check_source,
)
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.storage._file_io import CSV_SUFFIXES, local_path, plain_name

#: Kinds of files: prefixes of their keys, which are used like the names of data sets.
TABLE = "table:"
MODEL = "model:"
MAX_UPLOAD_BYTES = 20 * 2**20
#: Maximum numbers of tables and of models; if there are more, the oldest is dropped.
MAX_FILES = 16


class OpenedModel(NamedTuple):
    """A model, and the settings with which it was opened."""

    model: Model
    state: PageState


T = TypeVar("T", TableFile, OpenedModel)


def is_course(name: str) -> bool:
    """Return whether a file name is that of a lesson file; Windows editors append .txt to it."""
    return name.lower().endswith((".json", ".json.txt"))


def is_csv(name: str) -> bool:
    """Return whether a file name is that of a table that the page can show."""
    return plain_name(name).endswith(CSV_SUFFIXES) and not is_course(name)


class FileStore:
    """The tables and models of the playground, by key."""

    def __init__(self) -> None:
        self.tables: dict[str, TableFile] = {}
        self.models: dict[str, OpenedModel] = {}
        self.count = 0

    def upload_table(self, name: str, content: bytes) -> str:
        """Open an uploaded table, and return its key."""
        with _written(content, ".csv") as path:
            return self.open_table(name, path)

    def upload_model(self, content: bytes, data: DataSettings) -> PageState:
        """Open an uploaded model, with the page's table if its columns match."""
        rows = ""
        if data.source in self.tables:
            rows = data.source
        elif data.rows in self.tables:
            rows = data.rows
        with _written(content, ".safetensors") as path:
            try:
                return self.open_model(path, rows)
            except ValueError as error:
                raise ValueError(str(error).replace(str(path), "the model")) from None

    def open_table(self, name: str, path: Path, header: bool | None = None) -> str:
        """Open a table, and return its key."""
        table = open_table(name, local_path(path), header)
        key = self._new_key(TABLE, name)
        _keep(self.tables, key, table)
        return key

    def open_model(self, path: Path, rows: str = "", config: RunConfig = UNKNOWN) -> PageState:
        """Open a model, with the table of a key if its columns match, and return the settings."""
        model = open_model(path, config)
        key = self._new_key(MODEL, model.predictor.dataset)
        if rows:
            numeric = self.tables[rows].numeric
            if not all(name in numeric for name in model.required_columns):
                rows = ""  # the model can't learn from this table
        least, most = TEST_SIZES
        test_size = config.over(DEFAULTS).test_size or 0.0
        test_size = min(max(test_size, least), most)
        data = DataSettings(source=key, rows=rows, test_size=test_size)
        state = PageState(data=data, networks=(model.settings,))
        _keep(self.models, key, OpenedModel(model, state))
        return state

    def defaults_for(self, source: str, n_networks: int = 1) -> PageState:
        """Return the default settings of data; those of a model are the ones it was opened with.

        With the defaults of other data, a model's network would be replaced by an untrained one.
        """
        if source not in self.models:
            return PageState.defaults_for(source, n_networks)
        state = self.models[source].state
        return replace(state, networks=state.networks[:1] * n_networks)

    def _new_key(self, prefix: str, name: str) -> str:
        self.count += 1
        stem = Path(name).stem[:40]
        return f"{prefix}{self.count}-{stem}"

    def prepare(self, data: DataSettings) -> PreparedData:
        """Prepare the data that the settings specify."""
        return self._prepare(data).with_fixed(data.fixed)

    def _prepare(self, data: DataSettings) -> PreparedData:
        if data.source.startswith(TABLE):
            return sources.prepare_table(data, _find(self.tables, data.source))
        if data.source == HAND_DRAWN:
            return sources.prepare_drawn(data)
        if not data.source.startswith(MODEL):
            return sources.prepare_named(data)
        model, _ = _find(self.models, data.source)
        if not data.rows:
            return sources.prepare_model(data, model, sources.named_rows(model))
        table = _find(self.tables, data.rows)
        rows = table.samples(model.predictor)
        return sources.prepare_model(data, model, rows)

    def initial_state(self, name: str, target: str = "", header: bool | None = None) -> PageState:
        """Return the initial settings for a table or a named data set, or the defaults."""
        if is_csv(name):
            key = self.open_table(Path(name).name, Path(name), header)
            state = PageState(data=DataSettings(source=key, target=target))
            self.prepare(state.data)
            return state
        for argument, value in (("header", header), ("target", target or None)):
            if value is not None:
                raise ArgumentError("only for a .csv file", argument=argument)
        source = name or PageState().data.source
        check_source(source)
        return PageState.defaults_for(source)

    def initial_model_state(
        self, path: Path, rows: str, config: RunConfig = UNKNOWN, header: bool | None = None
    ) -> PageState:
        """Return the initial settings for a model and the rows that it was trained on."""
        key = self.open_table(Path(rows).name, Path(rows), header) if rows else ""
        state = self.open_model(path, key, config)
        state = replace(state, data=replace(state.data, rows=key))
        self.prepare(state.data)
        self.models[state.data.source] = self.models[state.data.source]._replace(state=state)
        return state


@contextmanager
def _written(content: bytes, suffix: str) -> Iterator[Path]:
    """Write an uploaded file to a temporary folder, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="barenet-play-") as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(content)
        yield path


def _keep(files: dict[str, T], key: str, file: T) -> None:
    """Keep a file; if there are too many, drop the oldest."""
    files[key] = file
    if len(files) > MAX_FILES:
        oldest = next(iter(files))
        del files[oldest]


def _find(files: dict[str, T], key: str) -> T:
    if key not in files:
        file_type, _, name = key.partition(":")
        problem = f"there is no {file_type} {name!r}"
        remedy = "load it again" if file_type == "table" else "open it again"
        raise ArgumentError(problem, argument="data", value=key, remedy=remedy)
    return files[key]

"""Program: what is on the page as Python, which says all of it."""

from __future__ import annotations

from typing import Any

from barenet.data.generated import GENERATED
from barenet.playground.page_state import DataSettings
from barenet.playground.features import FEATURES
from barenet.playground.file_store import FileStore
from barenet.playground.page_state import NetworkSettings
from barenet.playground.network_view import NetworkView
from barenet.playground.prepared_data import PreparedData
from barenet.playground.presets import noise_of
from barenet.playground.resumed_schedule import depends_on_horizon, schedule_epochs
from barenet.playground.run_setup import batch_size
from barenet.playground.tables import MOST_ROWS, PREFIX

__all__ = ["write_program"]


def write_program(
    data: DataSettings, view: NetworkView, store: FileStore, epochs: int
) -> str:
    """Write a program that makes the network."""
    prepared = view.prepared
    load = [*_load_lines(data, prepared, store), *_feature_lines(prepared)]
    edit, callbacks = _edit_lines(view)
    if depends_on_horizon(view.settings, epochs):
        callbacks.append(f"barenet.EachEpoch(lambda run: len(run.history) == {epochs})")
        epochs = schedule_epochs(view.settings)
    y = "{}.y" if prepared.target_scaling is None else "target({}.y)"
    lines = [
        *(["import dataclasses", ""] if any("dataclasses." in line for line in load) else []),
        "import numpy as np",
        "import barenet",
        "",
        *load,
        f"train, test = data.split({data.test_size!r}, seed=0)",
        'scaling = barenet.Scaling.fit("standardize", train.X)',
        *_target_lines(prepared),
        f"network = {_network(view)}",
        *edit,
        "history = barenet.train(",
        "    network,",
        "    scaling.apply(train.X, np.float32),",
        f"    {y.format('train')},",
        *_setting_lines(view.settings, prepared, epochs),
        f"    test_data=(scaling.apply(test.X, np.float32), {y.format('test')}),",
        f'    metrics="{"accuracy" if prepared.classes else "r2"}",',
        *([f"    callbacks=[{', '.join(callbacks)}],"] if callbacks else []),
        ")",
        "print(history)",
    ]
    return "\n".join(lines) + "\n"


def _load_lines(data: DataSettings, prepared: PreparedData, store: FileStore) -> list[str]:
    dataset = prepared.dataset
    if data.source.startswith(PREFIX):
        return _table_lines(data, prepared, store)
    options = ""
    if dataset.name in GENERATED:
        noise = noise_of(data.source, data.noise)
        options = f", samples={data.samples}, noise={noise!r}, data_seed={data.data_seed}"
    return [f"data = barenet.load_dataset({dataset.name!r}{options})"]


def _table_lines(
    data: DataSettings, prepared: PreparedData, store: FileStore
) -> list[str]:
    """Read a table as the page does: its columns of numbers, and no more rows than it can show."""
    dataset, tables = prepared.dataset, store.tables
    options: dict[str, Any] = {"target": dataset.target_name}
    options |= {"task": data.task} if data.task else {}
    options |= tables.options(data.source)
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    lines = [f"data = barenet.load_dataset({dataset.name!r}{said})"]
    if tables.is_mixed(data.source, dataset.target_name):
        lines += [
            f"names = {dataset.feature_names!r}",
            "X = np.column_stack([data.X[name] for name in names])",
            "X = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)",
            "data = dataclasses.replace(data, X=X, feature_names=names)",
        ]
    if tables.is_cut(data.source):
        lines += [
            "data = dataclasses.replace(data, stratify=False)",
            f"data = data.split(1 - {MOST_ROWS} / data.n_samples)[0]",
            "data = dataclasses.replace(data, stratify=True)",
        ]
    return lines


def _feature_lines(prepared: PreparedData) -> list[str]:
    """Write the features, where they are not the columns themselves."""
    own = list(prepared.dataset.feature_names)
    if not prepared.features or list(prepared.inputs.feature_names) == own:
        return []
    columns = [prepared.columns[0], prepared.columns[-1]]
    lines = [f"x = np.asarray(data.X, float)[:, {columns}]"]
    if (prepared.offset == 0).all() and (prepared.factor == 1).all():
        lines.append("u = x")
    else:
        offset, factor = prepared.offset.tolist(), prepared.factor.tolist()
        lines.append(f"u = (x - {offset}) * {factor}")
    coordinates = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
    formulas = [coordinates.get(name, FEATURES[name].code) for name in prepared.features]
    lines += [
        f"X = np.column_stack([{', '.join(formulas)}])",
        f"data = dataclasses.replace(data, X=X, feature_names={prepared.inputs.feature_names!r})",
    ]
    return lines


def _target_lines(prepared: PreparedData) -> list[str]:
    if prepared.target_scaling is None:
        return []
    return [
        'unit = barenet.Scaling.fit("standardize", train.y.reshape(-1, 1))',
        "target = lambda y: unit.apply(y.reshape(-1, 1))[:, 0]",
    ]


def _network(view: NetworkView) -> str:
    settings = view.settings
    sizes = [view.prepared.inputs.n_features, *settings.hidden, view.layout()[-1]["n_out"]]
    options = [f"hidden={list(settings.activations)!r}"] if settings.hidden else []
    options += [f"output={view.network.output_activation.name!r}"]
    options += ["batch_norm=True"] if settings.batch_norm else []
    options += [f"dropout={settings.dropout!r}"] if settings.dropout else []
    options += [f"seed={settings.seed}"]
    return f"barenet.Network.dense({sizes}, {', '.join(options)})"


def _edit_lines(view: NetworkView) -> tuple[list[str], list[str]]:
    """Change the weights that were changed by hand, each after its epoch."""
    at_first = [edit for edit in view.latest.edits if edit.epoch == 0]
    lines = [f"network.parameters[{edit.place}] = {edit.value!r}" for edit in at_first]
    later: dict[int, dict[int, float]] = {}
    for edit in view.latest.edits:
        if edit.epoch:
            later.setdefault(edit.epoch, {})[edit.place] = edit.value
    if not later:
        return lines, []
    lines += [
        f"edits = {later}",
        "",
        "",
        "def edit(run):",
        "    for place, value in edits.get(len(run.history), {}).items():",
        "        run.network.parameters[place] = value",
        "",
        "",
    ]
    return lines, ["barenet.EachEpoch(edit)"]


def _setting_lines(settings: NetworkSettings, prepared: PreparedData, epochs: int) -> list[str]:
    size = batch_size(settings, prepared)
    settings: dict[str, Any] = {"optimizer": settings.optimizer_spec, "epochs": epochs}
    settings["batch_size"] = None if size == prepared.training.n_samples else size
    if settings.loss:
        settings["loss"] = settings.loss
    if settings.schedule != "constant" and settings.optimizer != "lbfgs":
        settings["schedule"] = settings.schedule
    if settings.penalty != "none":
        settings["penalty"] = f"{settings.penalty}:strength={settings.penalty_rate!r}"
    settings["seed"] = settings.seed
    return [f"    {name}={value!r}," for name, value in settings.items()]

"""The run of the page as Python code."""

from __future__ import annotations

from typing import Any

from barenet._registry import spec_of
from barenet.data._generated import GENERATED
from barenet.playground._features import FEATURES, FeatureMap
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings
from barenet.playground._prepared_data import PreparedData
from barenet.playground._presets import noise_of
from barenet.playground._resumed_schedule import depends_on_epochs, schedule_epochs
from barenet.playground._run_setup import run_config
from barenet.playground._tables import MAX_ROWS, TableFile

__all__ = ["write_script"]


def write_script(data: DataSettings, view: NetworkView, epochs: int) -> str:
    """Write a script that trains the network."""
    prepared = view.prepared
    load = [*_load_lines(data, prepared), *_feature_lines(prepared)]
    edit, callbacks = _edit_lines(view)
    if depends_on_epochs(view.settings, epochs):
        callbacks.append(
            f"barenet.callbacks.LambdaCallback(lambda run: len(run.history) == {epochs})"
        )
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
        "    scaling.transform(train.X, np.float32),",
        f"    {y.format('train')},",
        *_setting_lines(view, epochs),
        f"    test_data=(scaling.transform(test.X, np.float32), {y.format('test')}),",
        f'    metrics="{"accuracy" if prepared.classes else "r2"}",',
        *([f"    callbacks=[{', '.join(callbacks)}],"] if callbacks else []),
        ")",
        "print(history)",
    ]
    return "\n".join(lines) + "\n"


def _load_lines(data: DataSettings, prepared: PreparedData) -> list[str]:
    if prepared.table is not None:
        return _table_lines(data, prepared, prepared.table)
    options: dict[str, Any] = {}
    if prepared.dataset.name in GENERATED:
        noise = noise_of(data.source, data.noise)
        options = {"samples": data.samples, "noise": noise, "data_seed": data.data_seed}
    return [f"data = barenet.load_dataset({prepared.dataset.name!r}{_arguments(options)})"]


def _table_lines(data: DataSettings, prepared: PreparedData, table: TableFile) -> list[str]:
    """Read the numeric columns of a table, and as many rows as the page uses."""
    dataset = prepared.dataset
    options = {"target": dataset.target_name} | ({"task": data.task} if data.task else {})
    lines = [f"data = barenet.load_dataset({dataset.name!r}{_arguments(options | table.options)})"]
    if table.is_mixed(dataset.target_name):
        lines += [
            f"names = {dataset.feature_names!r}",
            "X = np.column_stack([data.X[name] for name in names])",
            "X = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)",
            "data = dataclasses.replace(data, X=X, feature_names=names)",
        ]
    if table.is_subsampled:
        lines += [
            "data = dataclasses.replace(data, stratify=False)",
            f"data = data.split(1 - {MAX_ROWS} / data.n_samples)[0]",
            "data = dataclasses.replace(data, stratify=True)",
        ]
    return lines


def _feature_lines(prepared: PreparedData) -> list[str]:
    """Compute the features, unless they are the columns themselves."""
    features, names = prepared.features, prepared.inputs.feature_names
    if not features.names or names == tuple(prepared.dataset.feature_names):
        return []
    formulas = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
    listed = ", ".join(formulas.get(name, FEATURES[name].code) for name in features.names)
    return [
        f"x = np.asarray(data.X, float)[:, {[features.columns[0], features.columns[-1]]}]",
        f"u = {_standardized(features)}",
        f"X = np.column_stack([{listed}])",
        f"data = dataclasses.replace(data, X=X, feature_names={names!r})",
    ]


def _standardized(features: FeatureMap) -> str:
    offset, factor = features.offset.tolist(), features.factor.tolist()
    is_identity = offset == [0, 0] and factor == [1, 1]
    return "x" if is_identity else f"(x - {offset}) * {factor}"


def _target_lines(prepared: PreparedData) -> list[str]:
    if prepared.target_scaling is None:
        return []
    return [
        'unit = barenet.Scaling.fit("standardize", train.y.reshape(-1, 1))',
        "target = lambda y: unit.transform(y.reshape(-1, 1))[:, 0]",
    ]


def _network(view: NetworkView) -> str:
    config = run_config(view.settings, view.prepared)
    names = ("hidden", "output", "batch_norm", "dropout", "seed")
    options = {name: value for name, value in config.set_fields().items() if name in names}
    return f"barenet.Network.dense({[*(config.layers or ())]}{_arguments(options)})"


def _edit_lines(view: NetworkView) -> tuple[list[str], list[str]]:
    """Repeat the edits by hand, each after its epoch: lines, and callbacks of `train`."""
    lines = [
        f"network.parameters[{edit.index}] = {edit.value!r}"
        for edit in view.latest.edits
        if edit.epoch == 0
    ]
    later: dict[int, dict[int, float]] = {}
    for edit in view.latest.edits:
        if edit.epoch:
            later.setdefault(edit.epoch, {})[edit.index] = edit.value
    if not later:
        return lines, []
    lines += [
        f"edits = {later}",
        "",
        "",
        "def edit(run):",
        "    for index, value in edits.get(len(run.history), {}).items():",
        "        run.network.parameters[index] = value",
        "",
        "",
    ]
    return lines, ["barenet.callbacks.LambdaCallback(edit)"]


def _setting_lines(view: NetworkView, epochs: int) -> list[str]:
    config = run_config(view.settings, view.prepared)
    values: dict[str, Any] = {"optimizer": spec_of(config.make_optimizer()), "epochs": epochs}
    values["batch_size"] = None if config.batch_size == "full" else config.batch_size
    values |= {"loss": config.loss} if config.loss else {}
    values |= {"schedule": config.schedule} if config.schedule else {}
    if penalties := config.make_penalties():
        values["penalty"] = spec_of(penalties[0])
    values["seed"] = config.seed
    return [f"    {name}={value!r}," for name, value in values.items()]


def _arguments(options: dict[str, Any]) -> str:
    """Write keyword arguments that follow others in a call."""
    return "".join(f", {name}={value!r}" for name, value in options.items())

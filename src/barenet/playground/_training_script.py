"""The run of the page as Python code."""

from typing import Any

from barenet._registry import spec_of
from barenet.data._run_config import RunConfig
from barenet.playground._features import FEATURES, FeatureMap
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings, WeightEdit
from barenet.playground._prepared_data import PreparedData
from barenet.playground._resumed_schedule import depends_on_epochs, schedule_epochs
from barenet.playground._run_setup import run_config
from barenet.playground._tables import MAX_ROWS

SCRIPT = """\
import numpy as np
import barenet

{data}
train, test = data.split({test_size!r}, seed=0)
scaling = barenet.Scaling.fit("standardize", train.X)
{target_scaling}network = barenet.Network.dense({layers}{architecture})
{edits}history = barenet.train(
    network,
    scaling.transform(train.X, np.float32),
    {train_y},
{settings}
    test_data=(scaling.transform(test.X, np.float32), {test_y}),
    metrics="{metric}",{callbacks}
)
print(history)
"""
#: Repeats the edits by hand, each after its epoch.
EDIT = """\
edits = {edits}


def edit(run):
    for index, value in edits.get(len(run.history), {{}}).items():
        run.network.parameters[index] = value


"""
TARGET_SCALING = """\
unit = barenet.Scaling.fit("standardize", train.y.reshape(-1, 1))
target = lambda y: unit.transform(y.reshape(-1, 1))[:, 0]
"""
#: Takes the numeric columns of a table, and fills missing values.
NUMERIC_COLUMNS = """
names = {names!r}
X = np.column_stack([data.X[name] for name in names])
X = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)
data = dataclasses.replace(data, X=X, feature_names=names)"""
#: Takes as many rows as the page uses.
SAMPLE = f"""
data = dataclasses.replace(data, stratify=False)
data = data.split(1 - {MAX_ROWS} / data.n_samples)[0]
data = dataclasses.replace(data, stratify=True)"""
FEATURE_COLUMNS = """
x = np.asarray(data.X, float)[:, {columns}]
u = {units}
X = np.column_stack([{formulas}])
data = dataclasses.replace(data, X=X, feature_names={names!r})"""


def write_script(data: DataSettings, view: NetworkView, epochs: int) -> str:
    """Write a script that trains the network."""
    prepared, config = view.prepared, run_config(view.settings, view.prepared)
    loading = _loading(data, prepared) + _features(prepared)
    edits, callbacks = _edits(view.latest.status.edits)
    if depends_on_epochs(view.settings, epochs):
        stop = f"lambda run: len(run.history) == {epochs}"
        callbacks.append(f"barenet.callbacks.LambdaCallback({stop})")
        epochs = schedule_epochs(view.settings)
    names = ("hidden", "output", "batch_norm", "dropout", "seed")
    given = config.set_fields()
    target = "{}.y" if prepared.target_scaling is None else "target({}.y)"
    script = SCRIPT.format(
        data=loading,
        test_size=data.test_size,
        target_scaling="" if prepared.target_scaling is None else TARGET_SCALING,
        layers=[*given["layers"]],
        architecture=_arguments({name: given[name] for name in names if name in given}),
        edits=edits,
        settings=_settings(config, epochs),
        train_y=target.format("train"),
        test_y=target.format("test"),
        metric=view.task.metric,
        callbacks=f"\n    callbacks=[{', '.join(callbacks)}]," if callbacks else "",
    )
    return f"import dataclasses\n\n{script}" if "dataclasses." in loading else script


def _loading(data: DataSettings, prepared: PreparedData) -> str:
    """Load the data; of a table the numeric columns, and as many rows as the page uses."""
    dataset, table, options = prepared.dataset, prepared.table, data.generator_options
    more = ""
    if table is not None:
        task = {"task": data.task} if data.task else {}
        options = {"target": dataset.target_name, **task, **table.options}
        if table.is_mixed(dataset.target_name):
            more = NUMERIC_COLUMNS.format(names=dataset.feature_names)
        if table.is_subsampled:
            more += SAMPLE
    return f"data = barenet.load_dataset({dataset.name!r}{_arguments(options)}){more}"


def _features(prepared: PreparedData) -> str:
    """Compute the features, unless they are the columns themselves."""
    features, names = prepared.features, prepared.inputs.feature_names
    if not features.names or names == tuple(prepared.dataset.feature_names):
        return ""
    own = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
    return FEATURE_COLUMNS.format(
        columns=[features.columns[0], features.columns[-1]],
        units=_units(features),
        formulas=", ".join(own.get(name, FEATURES[name].code) for name in features.names),
        names=names,
    )


def _units(features: FeatureMap) -> str:
    offset, factor = features.offset.tolist(), features.factor.tolist()
    is_identity = offset == [0, 0] and factor == [1, 1]
    return "x" if is_identity else f"(x - {offset}) * {factor}"


def _edits(edits: tuple[WeightEdit, ...]) -> tuple[str, list[str]]:
    """Repeat the edits by hand: lines, and callbacks of `train`."""
    first = [f"network.parameters[{e.index}] = {e.value!r}\n" for e in edits if not e.epoch]
    later: dict[int, dict[int, float]] = {}
    for edit in edits:
        if edit.epoch:
            later.setdefault(edit.epoch, {})[edit.index] = edit.value
    if not later:
        return "".join(first), []
    return "".join(first) + EDIT.format(edits=later), ["barenet.callbacks.LambdaCallback(edit)"]


def _settings(config: RunConfig, epochs: int) -> str:
    """The arguments of `train` that the page sets."""
    values: dict[str, Any] = {"optimizer": spec_of(config.make_optimizer()), "epochs": epochs}
    values["batch_size"] = None if config.batch_size == "full" else config.batch_size
    values |= {"loss": config.loss} if config.loss else {}
    values |= {"schedule": config.schedule} if config.schedule else {}
    if penalties := config.make_penalties():
        values["penalty"] = spec_of(penalties[0])
    values["seed"] = config.seed
    return "\n".join(f"    {name}={value!r}," for name, value in values.items())


def _arguments(options: dict[str, Any]) -> str:
    """Write keyword arguments that follow others in a call."""
    return "".join(f", {name}={value!r}" for name, value in options.items())

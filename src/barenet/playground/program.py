"""Program: what is on the page as Python, which says all of it."""

from __future__ import annotations

from typing import Any

from barenet.data.generated import GENERATED
from barenet.playground.blueprint import batch_size
from barenet.playground.design import Design
from barenet.playground.features import FEATURES
from barenet.playground.lane import Lane
from barenet.playground.material import Material
from barenet.playground.onward import horizon, is_of_the_horizon
from barenet.playground.scene import Scene
from barenet.playground.sets import noise_of
from barenet.playground.shelf import Shelf
from barenet.playground.tables import MOST_ROWS, PREFIX

__all__ = ["write_program"]


def write_program(scene: Scene, lane: Lane, shelf: Shelf, epochs: int) -> str:
    """Write a program that makes the network."""
    material = lane.material
    load = [*_load_lines(scene, material, shelf), *_feature_lines(material)]
    edit, callbacks = _edit_lines(lane)
    if is_of_the_horizon(lane.design, epochs):
        callbacks.append(f"barenet.LambdaCallback(lambda run: len(run.history) == {epochs})")
        epochs = horizon(lane.design)
    y = "{}.y" if material.target_scaling is None else "target({}.y)"
    lines = [
        *(["import dataclasses", ""] if any("dataclasses." in line for line in load) else []),
        "import numpy as np",
        "import barenet",
        "",
        *load,
        f"train, test = data.split({scene.test_size!r}, seed=0)",
        'scaling = barenet.Scaling.fit("standardize", train.X)',
        *_target_lines(material),
        f"network = {_network(lane)}",
        *edit,
        "history = barenet.train(",
        "    network,",
        "    scaling.transform(train.X, np.float32),",
        f"    {y.format('train')},",
        *_setting_lines(lane.design, material, epochs),
        f"    test_data=(scaling.transform(test.X, np.float32), {y.format('test')}),",
        f'    metrics="{"accuracy" if material.classes else "r2"}",',
        *([f"    callbacks=[{', '.join(callbacks)}],"] if callbacks else []),
        ")",
        "print(history)",
    ]
    return "\n".join(lines) + "\n"


def _load_lines(scene: Scene, material: Material, shelf: Shelf) -> list[str]:
    dataset = material.dataset
    if scene.data.startswith(PREFIX):
        return _table_lines(scene, material, shelf)
    options = ""
    if dataset.name in GENERATED:
        noise = noise_of(scene.data, scene.noise)
        options = f", samples={scene.samples}, noise={noise!r}, data_seed={scene.data_seed}"
    return [f"data = barenet.load_dataset({dataset.name!r}{options})"]


def _table_lines(scene: Scene, material: Material, shelf: Shelf) -> list[str]:
    """Read a table as the page does: its columns of numbers, and no more rows than it can show."""
    dataset, tables = material.dataset, shelf.tables
    options: dict[str, Any] = {"target": dataset.target_name}
    options |= {"task": scene.task} if scene.task else {}
    options |= tables.options(scene.data)
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    lines = [f"data = barenet.load_dataset({dataset.name!r}{said})"]
    if tables.is_mixed(scene.data, dataset.target_name):
        lines += [
            f"names = {dataset.feature_names!r}",
            "X = np.column_stack([data.X[name] for name in names])",
            "X = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)",
            "data = dataclasses.replace(data, X=X, feature_names=names)",
        ]
    if tables.is_cut(scene.data):
        lines += [
            "data = dataclasses.replace(data, stratify=False)",
            f"data = data.split(1 - {MOST_ROWS} / data.n_samples)[0]",
            "data = dataclasses.replace(data, stratify=True)",
        ]
    return lines


def _feature_lines(material: Material) -> list[str]:
    """Write the features, where they are not the columns themselves."""
    own = list(material.dataset.feature_names)
    if not material.features or list(material.inputs.feature_names) == own:
        return []
    columns = [material.columns[0], material.columns[-1]]
    lines = [f"x = np.asarray(data.X, float)[:, {columns}]"]
    if (material.offset == 0).all() and (material.factor == 1).all():
        lines.append("u = x")
    else:
        offset, factor = material.offset.tolist(), material.factor.tolist()
        lines.append(f"u = (x - {offset}) * {factor}")
    coordinates = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
    formulas = [coordinates.get(name, FEATURES[name].code) for name in material.features]
    lines += [
        f"X = np.column_stack([{', '.join(formulas)}])",
        f"data = dataclasses.replace(data, X=X, feature_names={material.inputs.feature_names!r})",
    ]
    return lines


def _target_lines(material: Material) -> list[str]:
    if material.target_scaling is None:
        return []
    return [
        'unit = barenet.Scaling.fit("standardize", train.y.reshape(-1, 1))',
        "target = lambda y: unit.transform(y.reshape(-1, 1))[:, 0]",
    ]


def _network(lane: Lane) -> str:
    design = lane.design
    sizes = [lane.material.inputs.n_features, *design.hidden, lane.layout()[-1]["n_out"]]
    options = [f"hidden={list(design.activations)!r}"] if design.hidden else []
    options += [f"output={lane.network.output_activation.name!r}"]
    options += ["batch_norm=True"] if design.batch_norm else []
    options += [f"dropout={design.dropout!r}"] if design.dropout else []
    options += [f"seed={design.seed}"]
    return f"barenet.Network.dense({sizes}, {', '.join(options)})"


def _edit_lines(lane: Lane) -> tuple[list[str], list[str]]:
    """Change the weights that were changed by hand, each after its epoch."""
    at_first = [edit for edit in lane.latest.edits if edit.epoch == 0]
    lines = [f"network.parameters[{edit.place}] = {edit.value!r}" for edit in at_first]
    later: dict[int, dict[int, float]] = {}
    for edit in lane.latest.edits:
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
    return lines, ["barenet.LambdaCallback(edit)"]


def _setting_lines(design: Design, material: Material, epochs: int) -> list[str]:
    size = batch_size(design, material)
    settings: dict[str, Any] = {"optimizer": design.optimizer_spec, "epochs": epochs}
    settings["batch_size"] = None if size == material.training.n_samples else size
    if design.loss:
        settings["loss"] = design.loss
    if design.schedule != "constant" and design.optimizer != "lbfgs":
        settings["schedule"] = design.schedule
    if design.penalty != "none":
        settings["penalty"] = f"{design.penalty}:strength={design.penalty_rate!r}"
    settings["seed"] = design.seed
    return [f"    {name}={value!r}," for name, value in settings.items()]

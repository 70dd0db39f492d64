"""Export: what is on the page, as a command and as Python that make the same network again."""

from __future__ import annotations

import shlex
from typing import Any

from barenet.data.datasets import DATASETS
from barenet.data.generated import GENERATED
from barenet.model.layers import Dense
from barenet.model.losses import as_loss
from barenet.playground.blueprint import batch_size
from barenet.playground.design import Design
from barenet.playground.features import FEATURES
from barenet.playground.lane import Lane
from barenet.playground.material import Material
from barenet.playground.scene import Scene
from barenet.playground.sets import NOISES
from barenet.playground.surfaces import HILLS
from barenet.playground.tables import PREFIX
from barenet.registry import spec_of

__all__ = ["export"]


def export(scene: Scene, lane: Lane) -> dict[str, Any]:
    """Write the command, and the program.

    Parameters
    ----------
    scene : Scene
        The data.
    lane : Lane
        The network.

    Returns
    -------
    dict
        ``"command"``, ``"code"``, and under ``"notes"`` what the command does differently.
    """
    epochs = max(lane.latest.epoch, 1)
    return {
        "command": _command(scene, lane, epochs),
        "notes": _notes(scene, lane),
        "code": _code(scene, lane, epochs),
    }


def _command(scene: Scene, lane: Lane, epochs: int) -> str:
    """Write ``barenet train`` with every setting that matters."""
    design, material = lane.design, lane.material
    name = material.dataset.name
    words: list[Any] = ["barenet", "train", name]
    if scene.data.startswith(PREFIX):
        words += ["--target", material.dataset.target_name]
    if name in GENERATED:
        words += ["--samples", scene.samples, "--noise", _noise(scene)]
        words += ["--data-seed", scene.data_seed]
    sizes = [material.inputs.n_features, *design.hidden, lane.layout()[-1]["n_out"]]
    words += ["--layers", *sizes]
    if design.hidden:
        words += ["--hidden", *design.activations]
    words += ["--output", lane.network.output_activation.name, *_learning(design, material)]
    words += ["--epochs", epochs, "--seed", design.seed, "--scaling", "standardize"]
    words += ["--test-size", scene.test_size, *_not_as_usual(lane)]
    return shlex.join(map(str, words))


def _not_as_usual(lane: Lane) -> list[Any]:
    """Undo what a named data set would bring of its own, and the page has not."""
    named = DATASETS.get(lane.material.dataset.name)
    if named is None:
        return []
    usual, design = named.recipe, lane.design
    words: list[Any] = []
    if usual.init is not None:
        words += ["--init", *sorted(_initializers(lane))[:1]]
    if usual.bias_init is not None:
        words += ["--bias-init", "zeros"]
    if usual.shuffle is False:
        words += ["--shuffle"]
    if usual.dtype is not None:
        words += ["--dtype", "float32"]
    if usual.loss is not None and not design.loss:
        network = lane.network
        words += ["--loss", spec_of(as_loss(None, network.output_activation))]
    for penalty in ("l1", "l2"):
        if getattr(usual, penalty) and design.penalty != penalty:
            words += [f"--{penalty}", 0]
    return words


def _initializers(lane: Lane) -> set[str]:
    """What the weights start from, by name."""
    dense = (layer for layer in lane.network.layers if isinstance(layer, Dense))
    return {spec_of(layer.init) for layer in dense}


def _learning(design: Design, material: Material) -> list[Any]:
    words: list[Any] = ["--optimizer", design.optimizer]
    if design.optimizer != "lbfgs":
        words += ["--learning-rate", design.learning_rate]
        size = batch_size(design, material)
        words += ["--batch-size", "full" if size == material.training.n_samples else size]
    if design.loss:
        words += ["--loss", design.loss]
    if design.schedule != "constant":
        words += ["--schedule", design.schedule]
    if design.penalty != "none":
        words += [f"--{design.penalty}", design.penalty_rate]
    if design.dropout:
        words += ["--dropout", design.dropout]
    return words


def _notes(scene: Scene, lane: Lane) -> list[str]:
    """Say where the command is not the page."""
    material, design = lane.material, lane.design
    notes = []
    if material.dataset.name == HILLS:
        notes.append("The multi-gaussian surface is the playground's own: use the Python code.")
    elif material.features and set(material.features) != set(_coordinates(material)):
        notes.append("The command learns from the columns as they are: use the Python code.")
    elif material.features and material.dataset.n_features > 2:
        notes.append("The command learns from all columns, the page from two of them.")
    named = DATASETS.get(material.dataset.name)
    if named is not None and named.recipe.init is not None and len(_initializers(lane)) > 1:
        notes.append("The command starts all layers alike, the page each as its activation asks.")
    if design.batch_norm:
        notes.append("The command has no batch norm: use the Python code.")
    notes.append(
        "They make the same network where nothing was changed since the reset: no weight edited, "
        "no setting turned while it learned."
    )
    return notes


def _code(scene: Scene, lane: Lane, epochs: int) -> str:
    """Write the program."""
    design, material = lane.design, lane.material
    lines = [
        "import dataclasses",
        "",
        "import numpy as np",
        "",
        "import barenet",
        "",
        *_load_lines(scene, material),
        *_feature_lines(material),
        f"train, test = data.split({scene.test_size!r}, seed=0)",
        'scaling = barenet.Scaling.fit("standardize", train.X)',
        *_target_lines(material),
        f"network = {_network(lane)}",
        "history = barenet.train(",
        "    network,",
        "    scaling.apply(train.X, np.float32),",
        "    target(train.y),",
        *_setting_lines(design, material, epochs),
        "    validation_data=(scaling.apply(test.X, np.float32), target(test.y)),",
        f'    metrics="{"accuracy" if material.classes else "r2"}",',
        ")",
        "print(history)",
    ]
    return "\n".join(lines) + "\n"


def _load_lines(scene: Scene, material: Material) -> list[str]:
    dataset = material.dataset
    if dataset.name == HILLS:
        arguments = f"{scene.samples}, {_noise(scene)!r}, {scene.data_seed}"
        return [
            "from barenet.playground.surfaces import hills",
            "",
            f"data = hills({arguments})",
        ]
    if scene.data.startswith(PREFIX):
        return [f"data = barenet.load_dataset({dataset.name!r}, target={dataset.target_name!r})"]
    if dataset.name in GENERATED:
        options = f"samples={scene.samples}, noise={_noise(scene)!r}, data_seed={scene.data_seed}"
        return [f"data = barenet.load_dataset({dataset.name!r}, {options})"]
    assert dataset.name in DATASETS
    return [f"data = barenet.load_dataset({dataset.name!r})"]


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
        return ["target = np.asarray"]
    return [
        'unit = barenet.Scaling.fit("standardize", train.y.reshape(-1, 1))',
        "target = lambda y: unit.apply(y.reshape(-1, 1))[:, 0]",
    ]


def _network(lane: Lane) -> str:
    design, network = lane.design, lane.network
    if design.batch_norm:
        layers = ", ".join(f"barenet.{layer!r}" for layer in network.layers)
        return f"barenet.Network([{layers}], seed={design.seed})"
    sizes = [lane.material.inputs.n_features, *design.hidden, lane.layout()[-1]["n_out"]]
    options = [f"hidden={list(design.activations)!r}"] if design.hidden else []
    options += [f"output={network.output_activation.name!r}"]
    options += [f"dropout={design.dropout!r}"] if design.dropout else []
    options += [f"seed={design.seed}"]
    return f"barenet.Network.dense({sizes}, {', '.join(options)})"


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


def _noise(scene: Scene) -> float:
    return NOISES.get(scene.data, (0.0, 0.0))[1] if scene.noise < 0 else scene.noise


def _coordinates(material: Material) -> tuple[str, ...]:
    return ("x1", "x2")[: min(2, material.dataset.n_features)]

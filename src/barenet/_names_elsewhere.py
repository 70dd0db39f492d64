"""Names that users of other libraries look for in barenet, and what to use instead."""

import importlib
from collections.abc import Collection

from barenet.errors import suggestion

_ARRAYS = "pass arrays to train, which makes the mini-batches; batches makes those of a user's loop"
_SCHEDULE = "pass schedule='reduce_on_plateau' to train, or barenet.schedules.ReduceOnPlateau()"
_DENSE = "use barenet.layers.Dense(n_in, n_out, 'relu')"

#: Names of Keras, PyTorch and scikit-learn, and what to use instead of them.
NAMES_ELSEWHERE = {
    "Sequential": "use barenet.Network.dense([4, 8, 3]), or barenet.Network(layers)",
    "Model": "use barenet.Network.dense([4, 8, 3]), or barenet.Network(layers)",
    "Module": "use barenet.Network.dense([4, 8, 3]), or barenet.Network(layers)",
    "nn": "its layers are in barenet.layers, and its losses in barenet.losses",
    "optim": "use barenet.optimizers",
    "Linear": _DENSE,
    "Input": f"a dense layer has its number of inputs: {_DENSE}",
    "BatchNorm1d": "use barenet.layers.BatchNorm",
    "BatchNormalization": "use barenet.layers.BatchNorm",
    "LayerNormalization": "use barenet.layers.LayerNorm",
    "ReLU": "use barenet.layers.Dense(n_in, n_out, 'relu'), or ActivationLayer('relu')",
    "DataLoader": _ARRAYS,
    "TensorDataset": _ARRAYS,
    "ReduceLROnPlateau": _SCHEDULE,
    "StepLR": "pass schedule='step' to train, or barenet.schedules.StepDecay()",
    "CosineAnnealingLR": "pass schedule='cosine' to train, or barenet.schedules.Cosine()",
    "LearningRateScheduler": "pass schedule='cosine' to train, or a class of barenet.schedules",
    "ModelCheckpoint": "pass checkpoint=barenet.Checkpoint(path) to train",
    "manual_seed": "pass seed=0 to Network and to train",
    "set_random_seed": "pass seed=0 to Network and to train",
    "train_test_split": "use that of sklearn.model_selection, or barenet.Task.open(data, target)",
}

#: The modules whose public names are looked for in `barenet` itself.
MODULES = (
    "activations", "callbacks", "initializers", "layers", "losses", "optimizers", "penalties",
    "plots", "schedules", "typing",
)  # fmt: skip


def unknown_name(module: str, name: str, public: Collection[str]) -> AttributeError:
    """Return the error for a name that a module does not have, with a remedy if there is one.

    Examples
    --------
    >>> unknown_name("barenet", "Adam", ["Network"])
    AttributeError("module 'barenet' has no attribute 'Adam'; use barenet.optimizers.Adam")
    """
    problem = f"module {module!r} has no attribute {name!r}"
    if name in NAMES_ELSEWHERE:
        problem += f"; {NAMES_ELSEWHERE[name]}"
    elif name[:1].isupper() and _module_of(name):
        problem += f"; use {_module_of(name)}.{name}"
    elif not name.startswith("_"):
        problem += suggestion(name, public)
    return AttributeError(problem, name=name)


def _module_of(name: str) -> str:
    """Return the module of barenet that has a public name; empty if there is none."""
    for module in MODULES:
        full_name = f"barenet.{module}"
        if name in importlib.import_module(full_name).__all__:
            return full_name
    return ""

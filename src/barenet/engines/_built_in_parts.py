"""The classes of layers, activations, losses and rules that are barenet's own, not a user's."""

from barenet.engines._engine import Job
from barenet.model._activations import ACTIVATIONS
from barenet.model.layers import LAYERS
from barenet.model.losses import LOSSES
from barenet.model.losses._scikit_learn import LOSSES_OF_SCIKIT_LEARN
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.optimization.optimizers._optimizer import CLIPPINGS

#: Registries that a user may add classes to, even before this module is imported.
REGISTRIES = (LAYERS, ACTIVATIONS, LOSSES, OPTIMIZERS, PENALTIES, CLIPPINGS)
BUILT_IN_PARTS: set[type] = set(LOSSES_OF_SCIKIT_LEARN)
for _registry in REGISTRIES:
    for _part in _registry.values():
        if _part.__module__.startswith("barenet."):
            BUILT_IN_PARTS.add(_part)


def user_defined_part(job: Job) -> object | None:
    """Return the first part of a job whose class is a user's; None if all are built in."""
    layers = job.network.layers
    activations = [layer.activation for layer in layers]
    for part in (*layers, *activations, job.loss, job.optimizer, job.clipping, *job.penalties):
        if part is not None and type(part) not in BUILT_IN_PARTS:
            return part
    return None

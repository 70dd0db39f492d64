"""Coverage: the parts of a job for which there are kernels."""

from typing import Any

from barenet.engines._engine import Job
from barenet.engines.compiled._lowering import LAYERS
from barenet.engines.kernels._activations import BY_ROW, FORMULAS
from barenet.engines.kernels._losses import LOSSES as KERNELS
from barenet.engines.kernels._optimizers import RULES
from barenet.model.losses import LOSSES
from barenet.optimization.optimizers import LBFGS, Muon

#: The names of parts that have kernels, by role.
KNOWN = {
    "activation": {*BY_ROW, *FORMULAS},
    "loss": {
        name
        for name, kind in LOSSES.items()
        if KERNELS.keys() >= ({form.name for form in kind.on_logits.values()} or {name})
    },
    "optimizer": {*RULES, LBFGS.name, Muon.name},
    "penalty": {"l1", "l2"},
    "clip": {"norm", "value"},
}


def user_defined_part(job: Job) -> str | None:
    """A part of a job for which there is no kernel."""
    for layer in job.network.layers:
        if type(layer) not in LAYERS:
            return f"the layer {layer!r}"
    things: list[Any] = [getattr(layer, "activation", None) for layer in job.network.layers]
    things += [job.loss, job.optimizer, job.clipping, *job.penalties]
    for thing in filter(None, things):
        if not (thing.name in KNOWN[thing.role] and type(thing).__module__.startswith("barenet.")):
            return repr(thing)
    return None

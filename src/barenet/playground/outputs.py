"""Outputs: of a model that predicts several numbers, the one that is shown, as a model of its own.

The page draws one number, and a network without its other outputs says the same of that one.
"""

from __future__ import annotations

from dataclasses import replace

from barenet.files.predictor import Predictor
from barenet.model.activations import Softmax
from barenet.model.layers import Dense, layer_from
from barenet.model.network import Network
from barenet.registry import lookup

__all__ = ["output_names", "with_one_output"]


def output_names(predictor: Predictor) -> tuple[str, ...]:
    """Name the numbers that a model predicts."""
    count = predictor.network.n_outputs or 1
    if predictor.classes is not None or count == 1:
        return ()
    return tuple(f"{predictor.target_name} {number}" for number in range(1, count + 1))


def with_one_output(predictor: Predictor, name: str) -> Predictor:
    """Leave out all outputs but one."""
    names = output_names(predictor)
    if not names:
        return predictor
    column = lookup({each: place for place, each in enumerate(names)}, name or names[0], "target")
    network, scaling = predictor.network, predictor.target_scaling
    last = network.layers[-1]
    if not isinstance(last, Dense) or isinstance(last.activation, Softmax):
        raise ValueError(
            f"target: none of the {len(names)} outputs can be shown without the others"
        )
    if scaling is not None:
        own = slice(column, column + 1)
        scaling = replace(scaling, offset=scaling.offset[own], factor=scaling.factor[own])
    return replace(
        predictor,
        network=_without_others(network, column),
        target_scaling=scaling,
        target_name=names[column],
        card=None,
    )


def _without_others(network: Network, column: int) -> Network:
    """Build the network anew, with a single neuron in its last layer."""
    configs = [layer.config() for layer in network.layers]
    configs[-1] |= {"n_out": 1}
    alone = Network([layer_from(config) for config in configs], dtype=network.dtype)
    ours, theirs = (each.layout.views(each.parameters) for each in (alone, network))
    theirs[-1] = {name: array[..., [column]] for name, array in theirs[-1].items()}
    for mine, arrays in zip(ours, theirs, strict=True):
        for name, array in arrays.items():
            mine[name][...] = array
    alone.statistics[:] = network.statistics
    return alone

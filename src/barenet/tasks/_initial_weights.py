"""Initial weights from another model, whose inputs are matched by their names."""

from collections.abc import Sequence
from pathlib import Path

from barenet._messages import some
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._model_io import load
from barenet.files._model_path import model_file
from barenet.files._predictor import Predictor
from barenet.model._ensemble import Ensemble
from barenet.model._network import Network
from barenet.model.layers import Dense


def copy_weights(start_from: Path, network: Network, input_names: Sequence[str]) -> None:
    """Copy the weights of another model into a network, matching the inputs by their names."""
    try:
        path = model_file(start_from)
        model = load(path)
    except (FileNotFoundError, ModelFileError) as error:
        raise ArgumentError(str(error), argument="start_from") from error
    if isinstance(model, Predictor):
        names = model.input_names
        model = model.network
    else:
        names = tuple(input_names)  # a bare network; its inputs are matched by position
    if isinstance(model, Ensemble):
        problem = f"{path}: holds several networks, expected one; train one with it as the teacher"
        raise ArgumentError(problem, argument="start_from")
    layers = ", ".join(repr(layer) for layer in network.layers)
    other_layers = ", ".join(repr(layer) for layer in model.layers)
    if layers != other_layers:
        problem = f"the layers of {path} are {other_layers}; those of this run {layers}"
        raise ArgumentError(problem, argument="start_from")
    unknown = [name for name in names if name not in input_names]
    if unknown:
        problem = f"{path} has the inputs {some(unknown)}, which these columns do not have"
        remedy = "name a model of these columns, or leave it out"
        raise ArgumentError(problem, argument="start_from", remedy=remedy)
    network.parameters[:] = model.parameters
    network.statistics[:] = model.statistics
    for layer in network.layers:
        if isinstance(layer, Dense):
            places = [names.index(name) for name in input_names]
            layer.weights[:] = layer.weights[places]
            break  # only the first dense layer takes the inputs

"""Averages of an ensemble's networks over their epochs, and the epoch of the best averages.

An average is smoother than the parameters after any one epoch. The averages are compared by their
errors on the rows that each network left out.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.model._arrays import FloatArray, InputArray
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.model._ensemble import Ensemble
from barenet.model._network import Network
from barenet.model._stateful import Stateful
from barenet.model.layers import Dense
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._out_of_fold import OutOfFold, soften


class CheckedEpoch(NamedTuple):
    """The networks after an epoch, as an ensemble.

    Attributes
    ----------
    epoch : int
        The epoch, counted from 1.
    temperature : float
        The number that the logits of classes are divided by.
    loss : float
        The expected loss on new rows.
    score : float
        The accuracy or R² of `predictions`.
    parameters : dict of int to ndarray
        The averaged parameters of each network that is part of it.
    predictions : ndarray of shape (n_rows, n_outputs)
        The mean predictions of each row by networks that were not trained on it.
    residuals : ConformalResiduals, optional
        The errors of `predictions`, for numeric targets.
    scores : dict of str to dict of str to float
        The scores of the ensemble and its parts, for a model card.
    """

    epoch: int
    temperature: float
    loss: float
    score: float
    parameters: dict[int, FloatArray]
    predictions: FloatArray
    residuals: ConformalResiduals | None
    scores: dict[str, dict[str, float]]

    def describe(self, out_of_fold: OutOfFold) -> str:
        """Write the score and the loss, as the progress shows them."""
        loss = out_of_fold.loss_of_networks(self.loss)
        if out_of_fold.of_classes:
            return f"accuracy {self.score:.4f} log loss {loss:.4f}"
        if out_of_fold.number_loss.is_squared:
            return f"R² {self.score:.4f} loss {loss:.4f}"
        name = out_of_fold.number_loss.loss.name.replace("_", " ")
        return f"R² {self.score:.4f} {name} loss {loss:.4f}"

    def curve_values(self, out_of_fold: OutOfFold) -> dict[str, float]:
        """Return the numbers of the epoch in the history."""
        loss = out_of_fold.loss_of_networks(self.loss)
        if out_of_fold.of_classes:
            return {"out_of_fold_loss": loss, "out_of_fold_accuracy": self.score}
        return {"out_of_fold_loss": loss, "out_of_fold_r2": self.score}


class AveragedNetworks(Stateful):
    """The averages of the networks' parameters over the epochs; the best averages are kept.

    Parameters
    ----------
    networks : sequence of Network
        The networks, which are being trained.
    left_out : sequence of ndarray
        The rows that each network leaves out.
    n_folds : int
        Number of networks in a repeat, in which each row is left out once.
    X : ndarray or SparseRows of shape (n_rows, n_inputs) or (n_copies * n_rows, n_inputs)
        The inputs, or several copies of them, with different factors.
    first_rows : ndarray of shape (n_networks,), int
        Where the copy of each network begins in X.
    out_of_fold : OutOfFold
        The targets and weights of the rows.
    recipe : EnsembleRecipe
        The numbers of the training.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        left_out: Sequence[NDArray[np.intp]],
        n_folds: int,
        X: InputArray,
        first_rows: NDArray[np.intp],
        out_of_fold: OutOfFold,
        recipe: EnsembleRecipe,
    ) -> None:
        self.networks = networks
        self.left_out = left_out
        self.n_folds = n_folds
        self.X = X
        self.first_rows = first_rows
        self.out_of_fold = out_of_fold
        self.recipe = recipe
        #: The number of epochs in the averages.
        self.epoch = 0
        self.best: CheckedEpoch | None = None
        #: The numbers of each epoch whose averages were compared, by their names in the history.
        self.checked: dict[int, dict[str, float]] = {}
        #: The weighted sums of the parameters of each network.
        self._sums = np.zeros_like([network.parameters for network in networks])
        self._scratch = networks[0].copy()

    def add(self, epoch: int) -> None:
        """Add the parameters after an epoch; those of earlier epochs lose weight."""
        self.epoch = epoch
        for total, network in zip(self._sums, self.networks, strict=True):
            total *= self.recipe.decay
            total += network.parameters

    def check(self, epoch: int, failed: Collection[int]) -> None:
        """Keep the averages after an epoch if their expected loss is the lowest so far.

        A repeat with a network that has failed is left out.
        """
        decay = self.recipe.decay
        # The weights 1, decay, decay², … of the epochs have the sum (1 − decayⁿ) / (1 − decay).
        one_over_sum = np.float32((1 - decay) / (1 - decay**epoch))
        failed_repeats = {self._repeat_of(index) for index in failed}
        parameters = {}
        for index, total in enumerate(self._sums):
            if self._repeat_of(index) not in failed_repeats:
                parameters[index] = total * one_over_sum
        if not parameters:
            return
        checked = self._predict_left_out(epoch, parameters)
        self.checked[epoch] = checked.curve_values(self.out_of_fold)
        if self.best is None:
            self.best = checked
            return
        least_fall = self.recipe.tolerance * abs(self.best.loss)
        if checked.loss < self.best.loss - least_fall:
            self.best = checked

    def _repeat_of(self, index: int) -> int:
        """Return the repeat of a network: each repeat has a network for each fold."""
        return index // self.n_folds

    def _predict_left_out(self, epoch: int, parameters: dict[int, FloatArray]) -> CheckedEpoch:
        """Predict the rows that each network left out, to estimate the loss on new rows."""
        out_of_fold = self.out_of_fold
        n_networks = len(parameters)
        repeats = sorted({self._repeat_of(index) for index in parameters})
        n_outputs = self._scratch.sizes[-1]
        predictions = np.empty((len(repeats), len(out_of_fold.y), n_outputs), np.float32)
        for index, vector in parameters.items():
            repeat = repeats.index(self._repeat_of(index))
            left_out = self.left_out[index]
            self._scratch.parameters[...] = vector
            inputs = self.X[self.first_rows[index] + left_out]
            predictions[repeat, left_out] = self._scratch.predict(inputs)
        temperature, loss = out_of_fold.best_temperature(predictions, n_networks)
        mean = soften(predictions, temperature).mean(axis=0)
        return CheckedEpoch(
            epoch=epoch,
            temperature=temperature,
            loss=loss,
            score=out_of_fold.score(mean),
            parameters=parameters,
            predictions=mean,
            residuals=out_of_fold.residuals(predictions, n_networks),
            scores=out_of_fold.scores(predictions, temperature),
        )

    def balance(self) -> None:
        """Multiply the best predictions so that their total over all rows is that of the targets.

        Maximum likelihood gives a Poisson regression with a constant term this property, which
        networks lose where training ends early (Wüthrich, 2020, "Bias regularization in neural
        network models for general insurance pricing"). The output is exponential, so that the
        factor is a term of the last layer's bias.
        """
        assert self.best is not None
        out_of_fold = self.out_of_fold
        n_rows = len(out_of_fold.y)
        totals = []
        for index, vector in self.best.parameters.items():
            self._scratch.parameters[...] = vector
            first_row = self.first_rows[index]
            predictions = self._scratch.predict(self.X[first_row : first_row + n_rows])
            totals.append(out_of_fold.weight @ predictions)
        factors = out_of_fold.weight @ out_of_fold.y / np.mean(totals, axis=0)
        parameters = {}
        for index, vector in self.best.parameters.items():
            self._scratch.parameters[...] = vector
            last = self._scratch.layers[-1]
            assert isinstance(last, Dense)
            last.bias += np.log(factors)
            parameters[index] = self._scratch.parameters.copy()
        self.best = self._predict_left_out(self.best.epoch, parameters)

    def ensemble(self, factors: FloatArray | None) -> Ensemble:
        """Make the best ensemble, with the factors of inputs and the temperature in its layers.

        The factors have the shape (n_networks, n_inputs).
        """
        assert self.best is not None
        networks = []
        for index, parameters in self.best.parameters.items():
            network = self.networks[index].copy()
            network.parameters[...] = parameters
            first = network.layers[0]
            last = network.layers[-1]
            assert isinstance(first, Dense) and isinstance(last, Dense)
            if factors is not None:
                first.weights *= factors[index, :, np.newaxis]
            last.weights /= self.best.temperature
            last.bias /= self.best.temperature
            networks.append(network)
        return Ensemble(networks)

    def state_dict(self) -> dict[str, Any]:
        """Return the sums, the numbers of the epochs, and the parameters of the best epoch."""
        state: dict[str, Any] = {"epoch": self.epoch, "sums": self._sums}
        for epoch, values in self.checked.items():
            state[f"checked {epoch}"] = values
        if self.best is not None:
            state["best_epoch"] = self.best.epoch
            for index, parameters in self.best.parameters.items():
                state[f"best {index}"] = parameters
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch = state["epoch"]
        self._sums[...] = state["sums"]
        parameters: dict[int, FloatArray] = {}
        for name, vector in state.items():
            if name.startswith("best "):
                index = int(name.removeprefix("best "))
                parameters[index] = vector
            elif name.startswith("checked "):
                epoch = int(name.removeprefix("checked "))
                self.checked[epoch] = dict(vector)
        if parameters:
            in_order = dict(sorted(parameters.items()))  # the sums depend on the order
            self.best = self._predict_left_out(state["best_epoch"], in_order)

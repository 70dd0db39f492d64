"""Training of an ensemble: networks over folds, chosen by the errors on left-out rows."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines import ConformalResiduals, Ensemble
from barenet.errors import ArgumentError, WorkersError
from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpointing import locked_checkpoint, refuse_invalid
from barenet.model._arrays import FloatArray, InputArray
from barenet.model._network import Network
from barenet.model._stateful import Stateful
from barenet.model.layers import Dense
from barenet.population._ensemble_recipe import CHECKED_EPOCHS, EnsembleRecipe
from barenet.population._out_of_fold import OutOfFold, check_memory, soften, split_folds
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._train_many import live_line, train_many
from barenet.tables._encoding import TableEncoding
from barenet.tables._rare_categories import choose_rare
from barenet.tables._scaling import Scaling
from barenet.tables._table_rows import table_rows
from barenet.tables._target_steps import add_steps
from barenet.training._callbacks import Callbacks
from barenet.training._history import History

if TYPE_CHECKING:
    from distributed import Client


class CheckedEpoch(NamedTuple):
    """The networks after an epoch, as an ensemble.

    Attributes
    ----------
    epoch : int
        The epoch, counted from 1.
    temperature : float
        The number by which the logits of classes are divided.
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


class EnsembleTraining(Stateful):
    """Trains the networks of an ensemble, and keeps the best epoch of their averages.

    The parameters of each network are averaged over its epochs. At some epochs, the averages
    predict the rows that their networks left out. The epoch of the lowest expected loss of the
    ensemble is kept, with the temperature of its probabilities.

    Parameters
    ----------
    X : ndarray or SparseRows of shape (n_rows, n_inputs)
        The inputs.
    rows : OutOfFold
        The targets and weights of the rows.
    recipe : EnsembleRecipe
        The numbers of the training.
    n_classes : int, default=0
        Number of classes; 0 for numbers.
    seed : int, default=0
        Determines the folds and the networks.
    groups : ndarray of shape (n_rows,), optional
        The group of each row; the networks that leave a row out leave out its whole group.
    factors : ndarray of shape (n_inputs,), optional
        The factors by which the columns of X have been multiplied; the ensemble takes X without
        them.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 40, dtype="float32").reshape(-1, 1)
    >>> rows = OutOfFold(X**2, np.full(40, 1 / 40))
    >>> training = EnsembleTraining(X, rows, EnsembleRecipe(epochs=2))
    >>> len(training.run()), training.best.epoch, training.ensemble()
    (2, 2, <Ensemble of 16 networks: 1-64-64-1, 69,648 parameters of float32>)
    """

    def __init__(
        self,
        X: InputArray,
        rows: OutOfFold,
        recipe: EnsembleRecipe,
        n_classes: int = 0,
        seed: int = 0,
        groups: NDArray[Any] | None = None,
        factors: FloatArray | None = None,
    ) -> None:
        self.X = X
        self.rows = rows
        self.recipe = recipe
        self.factors = factors
        if groups is None or len(np.unique(groups)) == 1:
            groups = np.arange(len(X))
        n_groups = len(np.unique(groups))
        self.n_folds = min(recipe.folds, n_groups)
        if n_classes:
            strata = rows.y
            n_outputs = n_classes
            output = "softmax"
        else:
            strata = None
            n_outputs = rows.y.shape[1]
            output = "identity"
        rng = np.random.RandomState(seed)
        #: The rows that each network leaves out.
        self.left: list[NDArray[np.intp]] = []
        for _ in range(recipe.repeats):
            folds = split_folds(strata, groups, self.n_folds, rng)
            for fold in range(self.n_folds):
                self.left.append(np.flatnonzero(folds == fold))
        self.seeds = [(seed + index) % 2**32 for index in range(len(self.left))]
        sizes = [X.shape[1], *recipe.hidden, n_outputs]
        self.networks: list[Network] = []
        for network_seed in self.seeds:
            network = Network.dense(
                sizes, hidden=recipe.activation, output=output, seed=network_seed
            )
            if not n_classes:
                last = network.layers[-1]
                assert isinstance(last, Dense)
                last.weights *= rows.y.any(axis=0)  # the prediction of a constant target stays 0
            self.networks.append(network)
        self._sums = np.zeros_like([network.parameters for network in self.networks])
        self._scratch = self.networks[0].copy()
        self._epoch = 0
        self.best: CheckedEpoch | None = None
        self._file: Checkpoint | None = None
        #: The averages to resume from.
        self._saved: Mapping[str, Any] | None = None
        #: The networks, from the first epoch on.
        self._population: Population
        self._line: Any

    def run(
        self,
        threads: int | None = None,
        callbacks: Callbacks = (),
        *,
        progress: bool | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool | str | PathLike[str] = False,
        client: "Client | None" = None,
    ) -> History:
        """Train until the loss does not improve, on the workers of a client if there is one.

        Ctrl-C keeps the best epoch so far.
        """
        reason = None
        with locked_checkpoint(self.networks[0], checkpoint, resume) as (file, saved):
            self._file = file
            states = None
            if file is not None:
                saved_state = saved or StateDict()
                self._saved = saved_state.get("ensemble")
                states = states_of_networks(saved_state)
            try:
                with live_line(progress, width=12) as update:
                    self._line = update
                    self._train(
                        PopulationCheckpoint(states=states),
                        threads=threads,
                        callbacks=callbacks,
                        client=client,
                    )
                self._save(at_end=True)
            except WorkersError as error:
                if self._file is not None and self._epoch > 0:
                    self._save(at_end=True)
                    error.args = (f"{error}; the state before is saved in {self._file.path}",)
                raise
            except KeyboardInterrupt:
                if self.best is None:
                    raise
                reason = "interrupted"
        # A network of each repeat has failed, or the run was interrupted in the first epoch.
        if self.best is None:
            raise next(iter(self._population.errors.values()), KeyboardInterrupt())
        return self._history(self.best, reason)

    def _train(
        self,
        checkpoint: PopulationCheckpoint,
        *,
        threads: int | None,
        callbacks: Callbacks,
        client: "Client | None",
    ) -> None:
        """Train each network on the rows that it does not leave out."""
        n_rows = len(self.X)
        weight = (self.rows.weight * n_rows).astype(np.float32)
        train_rows = []
        batch_size = self.recipe.batch_size
        for left in self.left:
            rows = np.setdiff1d(np.arange(n_rows), left)
            if not weight[rows].any():
                problem = "is 0, or almost 0, for all rows that one of the networks is trained on"
                remedy = "give weights to more of the rows"
                raise ArgumentError(problem, argument="sample_weight", remedy=remedy)
            train_rows.append(rows)
            batch_size = min(batch_size, len(rows))
        train_many(
            self.networks,
            self.X,
            self.rows.y,
            rows=train_rows,
            sample_weight=weight,
            optimizer=self.recipe.optimizer,
            batch_size=batch_size,
            epochs=self.recipe.epochs,
            seed=self.seeds,
            after_slice=self._after_epoch,
            progress=False,
            checkpoint=checkpoint,
            threads=threads,
            callbacks=callbacks,
            client=client,
        )

    def ensemble(self) -> Ensemble:
        """The best ensemble, whose last layers contain the temperature."""
        assert self.best is not None
        networks = []
        for index, parameters in self.best.parameters.items():
            network = self.networks[index].copy()
            network.parameters[...] = parameters
            first = network.layers[0]
            last = network.layers[-1]
            assert isinstance(first, Dense) and isinstance(last, Dense)
            if self.factors is not None:
                first.weights *= self.factors[:, np.newaxis]
            last.weights /= self.best.temperature
            last.bias /= self.best.temperature
            networks.append(network)
        return Ensemble(networks)

    def state_dict(self) -> dict[str, Any]:
        """The averages, and the parameters of the best epoch, which determine the rest."""
        state: dict[str, Any] = {"epoch": self._epoch, "sums": self._sums}
        if self.best is not None:
            state["best_epoch"] = self.best.epoch
            for index, parameters in self.best.parameters.items():
                state[f"best {index}"] = parameters
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._epoch = state["epoch"]
        self._sums[...] = state["sums"]
        parameters: dict[int, FloatArray] = {}
        for name, vector in state.items():
            if name.startswith("best "):
                index = int(name.removeprefix("best "))
                parameters[index] = vector
        if parameters:
            in_order = dict(sorted(parameters.items()))  # on which sums depend
            self.best = self._predict_left_out(state["best_epoch"], in_order)

    def _after_epoch(self, population: Population) -> None:
        """Average the parameters, and compare the averages after some of the epochs."""
        self._population = population
        epoch = population.epoch
        recipe = self.recipe
        if self._saved is not None:  # the networks have loaded their states
            with refuse_invalid():
                self.load_state_dict(self._saved)
            self._saved = None
        if epoch <= self._epoch:
            return  # checked already before the run was resumed
        is_stopped = False
        for run in population.runs:
            if run.error is None and len(run.history) < epoch:
                is_stopped = True
        if is_stopped:
            for run in population.runs:  # a callback has stopped others within the epoch
                run.end("interrupted", resumable=True)
            return
        self._epoch = epoch
        for total, network in zip(self._sums, self.networks, strict=True):
            total *= recipe.decay
            total += network.parameters
        if epoch in CHECKED_EPOCHS or epoch == recipe.epochs:
            self._check(epoch, population)
        if self._line is not None:
            self._show(epoch)
        if self.best is not None and recipe.has_ended(epoch, self.best.epoch):
            for index in population.active:
                population.drop(index, "no improvement")
        if population.active:
            self._save()

    def _save(self, *, at_end: bool = False) -> None:
        """Save the state if an interval has passed; at the end, as that of a single network.

        A network that has failed is left out: resumed, it starts again, and fails again.
        """
        file = self._file
        if file is None:
            return
        alive = []
        runs = []
        for network_run in self._population.runs:
            is_finite = np.isfinite(network_run.network.parameters).all()
            if network_run.error is None and is_finite:
                alive.append(network_run)
                runs.append(network_run.as_run())
        if not alive:
            return
        needed = False
        if at_end:
            needed = file.path.exists() or not all(run.finished for run in runs)
        if needed or file.should_save(runs[0]):
            state = StateDict(run={}, ensemble=self.state_dict())
            for network_run in alive:
                network_state = network_run.state_dict() or {}
                for name, part in network_state.items():
                    state[f"{name} {network_run.index}"] = part
            file.save(runs[0], state)

    def _show(self, epoch: int) -> None:
        """Show the epoch, and the score of the best one."""
        text = f"epoch {epoch}  out-of-fold"
        best_epoch = 0
        best = self.best
        if best is not None:
            best_epoch = best.epoch
            if self.rows.of_classes:
                text += f" accuracy {best.score:.4f} log loss {best.loss:.4f}"
            else:  # half of the mean square, as the loss of each network
                text += f" R² {best.score:.4f} squared_error {best.loss / 2:.4f}"
        self._line(epoch, self.recipe.epochs, text, best_epoch)

    def _check(self, epoch: int, population: Population) -> None:
        """Keep the averages if their expected loss is the lowest so far."""
        recipe = self.recipe
        factor = np.float32((1 - recipe.decay) / (1 - recipe.decay**epoch))
        failed_repeats = {index // self.n_folds for index in population.errors}
        parameters = {}
        for index, total in enumerate(self._sums):
            if index // self.n_folds not in failed_repeats:
                parameters[index] = total * factor
        if not parameters:
            return
        checked = self._predict_left_out(epoch, parameters)
        if self.best is None:
            self.best = checked
            return
        least_fall = recipe.tolerance * abs(self.best.loss)
        if checked.loss < self.best.loss - least_fall:
            self.best = checked

    def _predict_left_out(self, epoch: int, parameters: dict[int, FloatArray]) -> CheckedEpoch:
        """Predict the rows that each network left out, for the expected loss on new ones."""
        rows = self.rows
        n_networks = len(parameters)
        repeats = sorted({index // self.n_folds for index in parameters})
        n_outputs = self._scratch.sizes[-1]
        predictions = np.empty((len(repeats), len(self.X), n_outputs), np.float32)
        for index, vector in parameters.items():
            repeat = repeats.index(index // self.n_folds)
            left_out = self.left[index]
            self._scratch.parameters[...] = vector
            predictions[repeat, left_out] = self._scratch.predict(self.X[left_out])
        temperature, loss = rows.best_temperature(predictions, n_networks)
        mean = soften(predictions, temperature).mean(axis=0)
        return CheckedEpoch(
            epoch=epoch,
            temperature=temperature,
            loss=loss,
            score=rows.score(mean),
            parameters=parameters,
            predictions=mean,
            residuals=rows.residuals(predictions, n_networks),
            scores=rows.scores(predictions, temperature),
        )

    def _history(self, best: CheckedEpoch, reason: str | None) -> History:
        """The mean loss of the networks that are part of the ensemble, by epoch."""
        histories = [self._population.runs[index].history for index in best.parameters]
        n_epochs = min(len(history) for history in histories)
        curves = [history.loss[:n_epochs] for history in histories]
        losses = np.mean(curves, axis=0).tolist()
        first = histories[0]
        reason = reason or first.stop_reason
        return History({"loss": losses}, first.engine, self.seeds[0], reason, best.epoch)


def states_of_networks(saved: StateDict) -> dict[int, StateDict]:
    """Split the state of an ensemble, with keys such as "run 0", into those of its networks."""
    states: dict[int, StateDict] = {}
    for key, part in saved.items():
        name, _, index = key.rpartition(" ")
        if index.isdecimal():
            states.setdefault(int(index), {})[name] = part
    return states


def prepare_ensemble_training(
    X: Any,
    y: NDArray[Any],
    n_classes: int = 0,
    *,
    weight: FloatArray | None = None,
    groups: NDArray[Any] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    **options: Any,
) -> tuple[EnsembleTraining, TableEncoding, Scaling | None]:
    """Prepare the training on a table: fit its encoding with these options, and scale numbers."""
    check_memory(y, n_classes)
    recipe = EnsembleRecipe.for_rows(len(y))
    if weight is None:
        weight = np.ones(len(y))
    scaling = None
    if not n_classes:
        y = y.reshape(len(y), -1)
        scaling = Scaling.fit("standardize", y, weight)
        # The loss of a huge target without weight would be infinite, and 0 times infinity is NaN.
        has_weight = weight[:, np.newaxis] > 0
        y = np.where(has_weight, scaling.transform(y), 0.0)
    if "rare" not in options:
        rare = choose_rare(X, y, weight, **options)
        if rare is not None:
            options["rare"] = rare
    recipe = replace(recipe, epochs=epochs or recipe.epochs, rare=options.get("rare"))
    encoding = TableEncoding.fit(X, numbers="piecewise", bins=recipe.bins, **options)
    encoding = add_steps(encoding, X, y, weight)
    rows = OutOfFold(y, weight / weight.sum())
    factors = np.where(encoding.are_bins, recipe.bin_factor, 1.0).astype(np.float32)
    inputs = table_rows(encoding, X, np.float32, factors)
    training = EnsembleTraining(inputs, rows, recipe, n_classes, seed, groups, factors)
    return training, encoding, scaling

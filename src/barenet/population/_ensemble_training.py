"""Training of an ensemble: networks over folds, and the epoch with the lowest expected loss.

A checkpoint has the states of the networks and of their averages in one file.
"""

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from barenet._sparse_rows import SparseRows
from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.errors import ArgumentError, BarenetError, WorkersError
from barenet.files._checkpoint import ENSEMBLE, Checkpoint, StateDict
from barenet.files._checkpoint_manager import locked_checkpoint, refuse_invalid
from barenet.model._arrays import FloatArray, InputArray
from barenet.model._ensemble import Ensemble
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.population._averaged_networks import AveragedNetworks, CheckedEpoch
from barenet.population._ensemble_recipe import CHECKED_EPOCHS, EnsembleRecipe
from barenet.population._monotonic_network import make_monotonic, signs_of_outputs
from barenet.population._network_run import NetworkRun
from barenet.population._out_of_fold import OutOfFold, split_folds
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._train_many import train_many
from barenet.training._callbacks import Callbacks, as_callbacks
from barenet.training._history import History
from barenet.training._progress import ShowLine, live_line

if TYPE_CHECKING:
    from barenet._extras import Client


class EnsembleTraining:
    """Trains the networks of an ensemble, and keeps the best epoch of their averages.

    The parameters of each network are averaged over its epochs. At some epochs, the averages
    predict the rows that their networks left out. The epoch with the lowest expected loss of the
    ensemble is kept, with the temperature of its probabilities.

    Parameters
    ----------
    X : ndarray or SparseRows of shape (n_rows, n_inputs)
        The inputs.
    out_of_fold : OutOfFold
        The targets and weights of the rows.
    recipe : EnsembleRecipe
        The numbers of the training.
    target_kind : TargetKind, default=ONE_NUMBER
        The kind of the targets.
    seed : int, default=0
        Determines the folds and the networks.
    groups : ndarray of shape (n_rows,), optional
        The group of each row; a network that leaves a row out leaves out its whole group.
    engine : str, default="auto"
        The engine that trains the networks.
    factors : ndarray of shape (n_inputs,), optional
        The factors that the columns of X have been multiplied by; the ensemble takes X without
        them.
    factors_of_networks : ndarray of shape (n_networks, n_inputs), optional
        Further factors for each network; X is a SparseRows then.
    signs_of_inputs : ndarray of shape (n_inputs,), int8, optional
        1 for an input with which the predictions only increase, -1 where they decrease, else 0; all
        factors are above 0 then.

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
        out_of_fold: OutOfFold,
        recipe: EnsembleRecipe,
        target_kind: TargetKind = ONE_NUMBER,
        seed: int = 0,
        groups: NDArray[Any] | None = None,
        engine: str = "auto",
        factors: FloatArray | None = None,
        factors_of_networks: FloatArray | None = None,
        signs_of_inputs: NDArray[np.int8] | None = None,
    ) -> None:
        self.out_of_fold = out_of_fold
        self.recipe = recipe
        self.engine = engine
        #: The rows that each network leaves out.
        self.left_out = rows_left_out(out_of_fold.y, recipe, target_kind, seed, groups)
        self.n_folds = len(self.left_out) // recipe.repeats
        #: The inputs, or several copies of them, and where the copy of each network begins.
        self.X = X
        self.first_rows = np.zeros(len(self.left_out), np.intp)
        self.n_copies = 1
        #: The factors that the inputs of each network have been multiplied by.
        self.factors: FloatArray | None = None
        if factors is not None:
            self.factors = np.tile(factors, (len(self.left_out), 1))
        if factors_of_networks is not None:
            assert self.factors is not None and isinstance(X, SparseRows)
            self.factors *= factors_of_networks
            different, copies = np.unique(factors_of_networks, axis=0, return_inverse=True)
            self.n_copies = len(different)
            self.X = X.scaled_copies(different)
            self.first_rows = copies.ravel() * len(X)
        self.signs_of_inputs = signs_of_inputs
        self.seeds = [(seed + index) % 2**32 for index in range(len(self.left_out))]
        self.networks: list[Network] = []
        for network_seed in self.seeds:
            self.networks.append(self._new_network(target_kind, network_seed))
        self.averages = AveragedNetworks(
            self.networks,
            left_out=self.left_out,
            n_folds=self.n_folds,
            X=self.X,
            first_rows=self.first_rows,
            out_of_fold=out_of_fold,
            recipe=recipe,
        )
        #: The networks, once the first epoch has begun.
        self._population: Population
        #: The checkpoint of a run.
        self._saver: EnsembleSaver
        #: Shows the epoch, if anything is shown.
        self._show_line: ShowLine | None = None
        #: Whether the run was ended by Ctrl-C.
        self.is_interrupted = False

    @property
    def best(self) -> CheckedEpoch | None:
        """The best epoch so far."""
        return self.averages.best

    def _new_network(self, target_kind: TargetKind, seed: int) -> Network:
        """Make a network with an output for each class or number, and new weights."""
        if target_kind.of_classes:
            output = target_kind.activation_of_columns
        else:
            output = self.out_of_fold.number_loss.activation
        network = Network.dense(
            [self.X.shape[1], *self.recipe.hidden_layer_sizes, target_kind.n_columns],
            hidden=self.recipe.activation,
            output=output,
            seed=seed,
        )
        if not target_kind.of_classes:
            last = network.layers[-1]
            assert isinstance(last, Dense)
            varies = np.ptp(self.out_of_fold.y, axis=0) > 0
            last.weights *= varies  # a constant target is still predicted exactly
        if self.signs_of_inputs is not None:
            make_monotonic(network, self.signs_of_inputs, signs_of_outputs(target_kind))
        return network

    def run(
        self,
        threads: int | None = None,
        callbacks: Callbacks = (),
        *,
        progress: bool | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool | str | PathLike[str] = False,
        client: "Client | None" = None,
        show_line: ShowLine | None = None,
    ) -> History:
        """Train until the loss does not improve, on the workers of a client if there is one.

        After Ctrl-C, the best epoch so far is kept. The epochs are shown by `show_line` if it is
        given, otherwise in a line of their own.
        """
        reason = None
        network = self.networks[0]
        with locked_checkpoint(network, checkpoint, resume, ENSEMBLE) as (file, saved):
            self._saver = EnsembleSaver(file, saved, self.averages)
            try:
                with live_line(progress, width=12) as own_line:
                    self._show_line = show_line or own_line
                    self._train(threads=threads, callbacks=callbacks, client=client)
                self._saver.save_at_end(self._population)
            except WorkersError as error:
                if file is not None and self.averages.epoch > 0:
                    self._saver.save_at_end(self._population)
                    error.args = (f"{error}; the state before is saved in {file.path}",)
                raise
            except KeyboardInterrupt:
                if self.best is None:
                    raise
                reason = "interrupted"
                self.is_interrupted = True
        # Some network of each repeat has failed, or the run was interrupted in the first epoch.
        if self.best is None:
            failures = [*self._population.errors.values()]
            if failures:
                raise failures[0]
            reason = self._population.histories[0].stop_reason
            if reason != "interrupted":  # such as a time limit
                raise BarenetError(f"{reason} within the first epoch; there is no ensemble yet")
            raise KeyboardInterrupt
        history = self._history(self.best, reason)
        if self.out_of_fold.has_log_link:
            self.averages.balance()
        return history

    def _train(self, *, threads: int | None, callbacks: Callbacks, client: "Client | None") -> None:
        """Train each network on the rows that it does not leave out."""
        n_rows = len(self.out_of_fold.y)
        # The weights have the sum 1, and in a training the mean 1.
        weight = (self.out_of_fold.weight * n_rows).astype(np.float32)
        train_rows = []
        batch_size = self.recipe.batch_size
        for left_out, first_row in zip(self.left_out, self.first_rows, strict=True):
            kept = np.setdiff1d(np.arange(n_rows), left_out)
            if not weight[kept].any():
                problem = "is 0, or almost 0, for all rows that one of the networks is trained on"
                remedy = "give weights to more of the rows"
                raise ArgumentError(problem, argument="sample_weight", remedy=remedy)
            train_rows.append(first_row + kept)
            batch_size = min(batch_size, len(kept))
        loss = None  # that of the output activation of classes
        if not self.out_of_fold.of_classes:
            loss = self.out_of_fold.number_loss.loss
        targets = [self.out_of_fold.y for _ in range(self.n_copies)]
        train_many(
            self.networks,
            self.X,
            np.concatenate(targets),
            rows=train_rows,
            loss=loss,
            sample_weight=np.tile(weight, self.n_copies),
            optimizer=self.recipe.optimizer,
            engine=self.engine,
            batch_size=batch_size,
            epochs=self.recipe.epochs,
            seed=self.seeds,
            after_slice=self._after_epoch,
            progress=False,
            checkpoint=PopulationCheckpoint(states=self._saver.states),
            threads=threads,
            callbacks=tuple(as_callbacks(callbacks)),  # a list has one for each network
            client=client,
        )

    def ensemble(self) -> Ensemble:
        """The best ensemble, which takes inputs without their factors."""
        return self.averages.ensemble(self.factors)

    def untrained_ensemble(self) -> Ensemble:
        """The networks before the training, which take inputs without their factors."""
        return Ensemble(self.networks)

    def _after_epoch(self, population: Population) -> None:
        """Average the parameters, and compare the averages after some of the epochs."""
        self._population = population
        epoch = population.epoch
        recipe = self.recipe
        self._saver.load_averages()
        if epoch <= self.averages.epoch:
            return  # the epoch was checked before the run was resumed
        for run in population.runs:
            if run.error is None and len(run.history) < epoch:
                self._end_all(population, run.history)
                return
        self.averages.add(epoch)
        if epoch in CHECKED_EPOCHS or epoch == recipe.epochs:
            self._check(epoch, population)
        if self._show_line is not None:
            self._show(epoch, self._show_line)
        if self.best is not None and recipe.has_ended(epoch, self.best.epoch):
            for index in population.active:
                population.drop(index, "no improvement")
        if population.active:
            self._saver.save(population)

    def _end_all(self, population: Population, stopped: History) -> None:
        """End all networks, as a callback has stopped one of them within the epoch."""
        for run in population.runs:
            run.end(stopped.stop_reason, resumable=stopped.resumable)

    def _check(self, epoch: int, population: Population) -> None:
        """Compare the averages after an epoch with the best ones."""
        self.averages.check(epoch, population.errors)

    def _show(self, epoch: int, show_line: ShowLine) -> None:
        """Show the epoch, and the score of the best one."""
        text = f"epoch {epoch}  out-of-fold"
        best_epoch = 0
        if self.best is not None:
            best_epoch = self.best.epoch
            text += f" {self.best.describe(self.out_of_fold)}"
        show_line(epoch, self.recipe.epochs, text, best_epoch)

    def _history(self, best: CheckedEpoch, reason: str | None) -> History:
        """Average the losses of the networks in the ensemble, by epoch, and add the checks."""
        histories = [self._population.runs[index].history for index in best.parameters]
        n_epochs = min(len(history) for history in histories)
        curves = [history.loss[:n_epochs] for history in histories]
        losses = np.mean(curves, axis=0).tolist()
        curves_by_name = {"loss": losses}
        for name in best.curve_values(self.out_of_fold):
            curve = [np.nan] * n_epochs
            for epoch, values in self.averages.checked.items():
                if epoch <= n_epochs:
                    curve[epoch - 1] = values[name]
            curves_by_name[name] = curve
        first = histories[0]
        return History(
            curves_by_name,
            first.engine,
            self.seeds[0],
            reason or first.stop_reason,
            best.epoch,
            resumable=reason is not None or first.resumable,
        )


def rows_left_out(
    y: NDArray[Any],
    recipe: EnsembleRecipe,
    target_kind: TargetKind,
    seed: int,
    groups: NDArray[Any] | None,
) -> list[NDArray[np.intp]]:
    """Return the rows that each network leaves out: in each repeat, each row once."""
    if groups is None or len(np.unique(groups)) == 1:
        groups = np.arange(len(y))
    n_folds = min(recipe.folds, len(np.unique(groups)))
    strata = y if target_kind.of_classes else None
    rng = np.random.RandomState(seed)
    left_out: list[NDArray[np.intp]] = []
    for _ in range(recipe.repeats):
        folds = split_folds(strata, groups, n_folds, rng)
        left_out.extend(np.flatnonzero(folds == fold) for fold in range(n_folds))
    return left_out


class EnsembleSaver:
    """Saves the networks of an ensemble and their averages, and loads them to resume.

    Parameters
    ----------
    file : Checkpoint or None
        The file; None saves nothing.
    saved : StateDict or None
        The state to resume from.
    averages : AveragedNetworks
        The averages of the networks.
    """

    def __init__(
        self, file: Checkpoint | None, saved: StateDict | None, averages: AveragedNetworks
    ) -> None:
        self.file = file
        self.averages = averages
        #: The states of the networks to resume from, by their indices; None saves none.
        self.states: dict[int, StateDict] | None = None
        #: The state of the averages to resume from; None once it is loaded.
        self._saved_averages: Mapping[str, Any] | None = None
        if file is not None:
            saved_state = saved or StateDict()
            self.states = states_of_networks(saved_state)
            self._saved_averages = saved_state.get("ensemble")

    def load_averages(self) -> None:
        """Load the averages once, after the networks have loaded their states."""
        if self._saved_averages is None:
            return
        with refuse_invalid():
            self.averages.load_state_dict(self._saved_averages)
        self._saved_averages = None

    def save(self, population: Population) -> None:
        """Save the state if an interval has passed."""
        if self.file is None:
            return
        alive = alive_networks(population)
        if alive and self.file.should_save(alive[0].as_run()):
            self._write(self.file, alive)

    def save_at_end(self, population: Population) -> None:
        """Save the final state, unless the run ended in its first interval, as for one network."""
        if self.file is None:
            return
        alive = alive_networks(population)
        if not alive:
            return
        runs = [network_run.as_run() for network_run in alive]
        is_needed = self.file.path.exists() or not all(run.finished for run in runs)
        if is_needed or self.file.should_save(runs[0]):
            self._write(self.file, alive)

    def _write(self, file: Checkpoint, alive: list[NetworkRun]) -> None:
        """Write the states of the networks that are trained, and of the averages."""
        state = StateDict(run={}, ensemble=self.averages.state_dict())
        for network_run in alive:
            network_state = network_run.state_dict() or {}
            for name, part in network_state.items():
                state[f"{name} {network_run.index}"] = part
        file.save(alive[0].as_run(), state)


def alive_networks(population: Population) -> list[NetworkRun]:
    """List the networks to save. A failed one is left out, so it starts and fails again."""
    alive = []
    for network_run in population.runs:
        is_finite = np.isfinite(network_run.network.parameters).all()
        if network_run.error is None and is_finite:
            alive.append(network_run)
    return alive


def states_of_networks(saved: StateDict) -> dict[int, StateDict]:
    """Split the state of an ensemble, with keys such as "run 0", into those of its networks."""
    states: dict[int, StateDict] = {}
    for key, part in saved.items():
        name, _, index = key.rpartition(" ")
        if index.isdecimal():
            states.setdefault(int(index), {})[name] = part
    return states

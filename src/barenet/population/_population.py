"""Population: networks that are trained together, and the result of their training."""

from __future__ import annotations

from collections import Counter
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, check_number, lists_options
from barenet._display import Cell, write_display, write_table
from barenet._messages import count_of
from barenet._metrics import is_maximized
from barenet._registry import lookup, plain
from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.population._network_run import NetworkRun
from barenet.population._run_factory import NetworkRunFactory, PerNetworkOptions
from barenet.training._history import History, spelled_curve

#: Curves that are not in the table of a notebook.
NOT_SHOWN = ("gradient_norm", "learning_rate", "seconds")
#: Maximum number of rows of the table.
MAX_ROWS = 20


class Population:
    """Networks that are trained together.

    Parameters
    ----------
    runs, make : list of NetworkRun and NetworkRunFactory
        The runs of the networks, and the factory of further runs; `train_many` passes both.

    Attributes
    ----------
    networks : list of Network
        The networks, in the order of the argument.
    histories : list of History
        The curves of each network, and the reason that its training ended.
    errors : dict of int to Exception
        The errors of the networks that failed or diverged, by their index.
    active : list of int
        The indices of the networks whose training has not ended.
    epoch : int
        The epochs of the finished slices.

    Examples
    --------
    >>> from barenet import Network, train_many
    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> networks = [Network.dense([1, 8, 1], seed=seed) for seed in range(3)]
    >>> result = train_many(networks, X, X[:, 0] ** 2, epochs=20, seed=[0, 1, 2])
    >>> result
    <Population: 3 networks, 3 completed>
    >>> result.networks[result.best()] is networks[result.best()]
    True
    """

    def __init__(self, runs: list[NetworkRun], make: NetworkRunFactory) -> None:
        self.runs = runs
        self.make = make
        self.epoch = 0

    @property
    def networks(self) -> list[Network]:
        """The networks, in the order of the argument."""
        return [run.network for run in self.runs]

    @property
    def histories(self) -> list[History]:
        """The history of each network."""
        return [run.history for run in self.runs]

    @property
    def errors(self) -> dict[int, Exception]:
        """The errors of the networks that failed or diverged."""
        errors = {}
        for index, run in enumerate(self.runs):
            if run.error is not None:
                errors[index] = run.error
        return errors

    @property
    def active(self) -> list[int]:
        """The indices of the networks whose training has not ended."""
        return [index for index, run in enumerate(self.runs) if not run.is_ended]

    def drop(self, index: int, reason: str = "dropped") -> None:
        """End the training of a network: at once between two slices, or else after its chunk.

        Parameters
        ----------
        index : int
            Index of the network.
        reason : str, default="dropped"
            The reason, for its history.

        Raises
        ------
        ValueError
            If there is no such network, or the reason is no text.
        """
        if not (isinstance(reason, str) and reason):
            raise ArgumentError.of("reason", reason, "text")
        self.runs[self._place(index)].end(reason)

    @lists_options(PerNetworkOptions)
    def replace(self, index: int, network: Network, **arguments: Unpack[PerNetworkOptions]) -> None:
        """Replace a network between two slices; the new one starts at its epoch 1.

        Parameters
        ----------
        index : int
            Index of the network that is replaced.
        network : Network
            The other network.
        **arguments
            Arguments of `train` for the new network; by default those of the replaced network.

        Raises
        ------
        ValueError
            If an argument can't be used, or either network is in training; nothing changes then.
        """
        place = self._place(index)
        before = self.runs[place]
        if before.is_running:
            raise ArgumentError("is in training", argument="network")
        for number, run in enumerate(self.runs):
            if run.network is network and number != place:
                raise ArgumentError("is in the population already", argument="network")
        for name in arguments:
            lookup(before.arguments, name, name)
        merged = {**before.arguments, **arguments}
        self.make.forget_selections()
        after = self.make(place, network, merged, joined_at=self.epoch)
        self.drop(place, "replaced")
        self.runs[place] = after

    def best(self, curve: str | None = None) -> int:
        """Find the best network by the last value of a curve, or its value in the restored epoch.

        Parameters
        ----------
        curve : str, optional
            Name of the curve; by default the validation loss if there is one, else the loss.

        Returns
        -------
        int
            Index of the network, without those that failed.

        Raises
        ------
        ValueError
            If no network has a value of the curve.
        """
        curves = set().union(*self.histories)
        name = spelled_curve(curve or self._decisive_loss(), curves)
        values = self.final(name)
        if is_maximized(name):
            values = -values
        if np.isnan(values).all():
            raise ArgumentError(f"no network has a value of {name!r}", argument="curve")
        return int(np.nanargmin(values))

    def final(self, curve: str) -> NDArray[np.float64]:
        """Return the last value of each network's curve, or its value in the restored epoch.

        Parameters
        ----------
        curve : str
            Name of the curve.

        Returns
        -------
        ndarray of shape (n_networks,)
            NaN for a network that failed, or has no such curve.
        """
        values = np.full(len(self.runs), np.nan)
        for index, run in enumerate(self.runs):
            numbers = run.history.get(curve, ())
            if len(numbers) and run.error is None:
                epoch = run.history.best_epoch or len(numbers)
                values[index] = numbers[epoch - 1]
        return values

    def table(self) -> dict[str, NDArray[Any]]:
        """Collect all histories in one table.

        Returns
        -------
        dict of str to ndarray
            Columns with one row for each network and epoch: ``network``, ``epoch`` counted from 1,
            and each curve; NaN where a network has no such curve.
        """
        histories = self.histories
        lengths = []
        epochs = []
        for history in histories:
            lengths.append(len(history))
            epochs.append(np.arange(1, len(history) + 1))
        table = {"network": np.repeat(np.arange(len(histories)), lengths)}
        table["epoch"] = np.concatenate(epochs)
        for name in self._curve_names():
            curves = []
            for history in histories:
                missing = np.full(len(history), np.nan)
                curves.append(history.get(name, missing))
            table[name] = np.concatenate(curves)
        return table

    def _curve_names(self) -> list[str]:
        """The names of all curves, in the order in which they occur."""
        names: dict[str, None] = {}
        for history in self.histories:
            names |= dict.fromkeys(history)
        return list(names)

    def _decisive_loss(self) -> str:
        """The curve that networks are compared by: the validation loss if there is one."""
        return "validation_loss" if "validation_loss" in self._curve_names() else "loss"

    def _repr_html_(self) -> str:
        """Write the networks as a table, the best first, for a notebook."""
        decisive = self._decisive_loss()
        names = [name for name in self._curve_names() if name != decisive and name not in NOT_SHOWN]
        final = {name: self.final(name) for name in names}
        losses = self.final(decisive)
        finite_losses = losses[np.isfinite(losses)]
        largest = max(finite_losses, default=1.0)
        if largest == 0:  # every bar is empty
            largest = 1.0
        varied = self._varied()
        rows: list[list[Cell]] = []
        for index in np.argsort(losses, kind="stable")[:MAX_ROWS]:
            run = self.runs[index]
            row: list[Cell] = [str(index)]
            row.append("-".join(str(size) for size in run.network.sizes))
            row.extend(str(plain(run.arguments[name])) for name in varied)
            row.append(str(len(run.history)))
            row.append((f"{losses[index]:.4g}", losses[index] / largest))  # with a bar
            row.extend(f"{final[name][index]:.4g}" for name in names)
            row.append(run.history.stop_reason or "in training")
            rows.append(row)
        head = ["network", "sizes", *varied, "epochs", decisive, *names, "end"]
        head = [heading.replace("_", " ") for heading in head]
        title = repr(self).removeprefix("<").removesuffix(">")
        return write_display(title, write_table(head, rows))

    def _varied(self) -> list[str]:
        """The arguments that differ between the networks, except for data."""
        simple = str | int | float | Configurable
        first, *others = [run.arguments for run in self.runs]
        names = []
        for name, value in first.items():
            if name == "epochs" or not isinstance(value, simple):
                continue
            is_equal = all(repr(arguments[name]) == repr(value) for arguments in others)
            if not is_equal:
                names.append(name)
        return names

    def _place(self, index: int) -> int:
        """Convert the index of a network, which may count from the end."""
        n_networks = len(self)
        index = int(check_number(index, "index", ge=-n_networks, lt=n_networks, integer=True))
        return index % n_networks

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.runs)

    def __repr__(self) -> str:
        """Count the networks by the reason that each ended."""
        reasons = Counter(history.stop_reason for history in self.histories)
        parts = [count_of(len(self), "network")]
        for reason, count in reasons.items():
            parts.append(f"{count} {reason or 'in training'}")
        return f"<Population: {', '.join(parts)}>"

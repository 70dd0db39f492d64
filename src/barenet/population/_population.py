"""Population: networks that are trained together, and the result of their training."""

from __future__ import annotations

from collections import Counter
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import Configurable, check_number, lists_options
from barenet._display import Cell, write_display, write_table
from barenet._metrics import is_maximized
from barenet._registry import lookup, plain
from barenet.errors import ArgumentError, count_of
from barenet.model._network import Network
from barenet.population._network_options import PerNetworkOptions
from barenet.population._network_run import NetworkRun, NetworkRunFactory
from barenet.training._history import History

#: Curves that are not in the table of a notebook, and its rows at most.
NOT_SHOWN, MAX_ROWS = ("gradient_norm", "learning_rate", "seconds"), 20


class Population:
    """Networks that are trained together.

    Parameters
    ----------
    runs, make : list of NetworkRun and NetworkRunFactory
        The networks with their runs, and the factory of further ones; `train_many` passes both.

    Attributes
    ----------
    networks : list of Network
        The networks, in the order of the argument.
    histories : list of History
        The curves of each network, and why its training ended.
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
        self.runs, self.make, self.epoch = runs, make, 0

    @property
    def networks(self) -> list[Network]:
        """The networks, in the order of the argument."""
        return [each.network for each in self.runs]

    @property
    def histories(self) -> list[History]:
        """The history of each network."""
        return [each.history for each in self.runs]

    @property
    def errors(self) -> dict[int, Exception]:
        """The errors of the networks that failed or diverged."""
        return {i: each.error for i, each in enumerate(self.runs) if each.error is not None}

    @property
    def active(self) -> list[int]:
        """The indices of the networks whose training has not ended."""
        return [i for i, each in enumerate(self.runs) if not each.is_ended]

    def drop(self, index: int, reason: str = "dropped") -> None:
        """End the training of a network: between two slices at once, else after its chunk.

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
        """Put another network in the place of one, between two slices; it starts at its epoch 1.

        Parameters
        ----------
        index : int
            Index of the network that is replaced.
        network : Network
            The other network.
        **arguments
            Arguments of `train` for it; by default those of the network that is replaced.

        Raises
        ------
        ValueError
            If an argument can't be used, or either network is in training; nothing changes then.
        """
        place = self._place(index)
        before, others = self.runs[place], self.networks[:place] + self.networks[place + 1 :]
        if before.is_running or any(other is network for other in others):
            problem = "is in training" if before.is_running else "is in the population already"
            raise ArgumentError(problem, argument="network")
        for name in arguments:
            lookup(before.arguments, name, name)
        own = {**before.arguments, **arguments}
        after = self.make(place, network, own, joined_at=self.epoch)
        self.drop(place, "replaced")
        self.runs[place] = after

    def best(self, curve: str | None = None) -> int:
        """Find the best network by the last value, or that of the restored epoch, of a curve.

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
        measured = {name for history in self.histories for name in history.curves}
        name = curve or ("validation_loss" if "validation_loss" in measured else "loss")
        sign = -1.0 if is_maximized(name) else 1.0
        values = [sign * value for value in self.final(name)]
        if np.isnan(values).all():
            raise ArgumentError(f"no network has a value of {name!r}", argument="curve")
        return int(np.nanargmin(values))

    def final(self, curve: str) -> NDArray[np.float64]:
        """Last value of a curve of each network, or that of the restored epoch.

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
        for index, each in enumerate(self.runs):
            numbers = each.history.curves.get(curve, ())
            if len(numbers) and each.error is None:
                values[index] = numbers[(each.history.best_epoch or 0) - 1]
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
        lengths = [len(history) for history in histories]
        epochs = [np.arange(1, length + 1) for length in lengths]
        names = dict.fromkeys(name for history in histories for name in history.curves)
        table = {"network": np.repeat(np.arange(len(histories)), lengths)}
        table["epoch"] = np.concatenate(epochs)
        for name in names:
            curves = [each.curves.get(name, np.full(len(each), np.nan)) for each in histories]
            table[name] = np.concatenate(curves)
        return table

    def _repr_html_(self) -> str:
        """Write the networks as a table, the best first, for a notebook."""
        measured = dict.fromkeys(name for history in self.histories for name in history.curves)
        decisive = "validation_loss" if "validation_loss" in measured else "loss"
        names = [decisive, *(name for name in measured if name not in (*NOT_SHOWN, decisive))]
        final = {name: self.final(name) for name in names}
        largest = max(filter(np.isfinite, final[decisive]), default=1.0) or 1.0
        varied = self._varied()
        rows: list[list[Cell]] = []
        for index in np.argsort(final[decisive], kind="stable")[:MAX_ROWS]:
            run = self.runs[index]
            first, *others = (f"{each[index]:.4g}" for each in final.values())
            settings = [str(plain(run.arguments[name])) for name in varied]
            sizes, epochs = "-".join(map(str, run.network.sizes)), str(len(run.history))
            bar = first, final[decisive][index] / largest
            reason = run.history.stop_reason or "in training"
            rows.append([str(index), sizes, *settings, epochs, bar, *others, reason])
        head = ["network", "sizes", *varied, "epochs", *names, "end"]
        head = [each.replace("_", " ") for each in head]
        return write_display(repr(self)[1:-1], write_table(head, rows))

    def _varied(self) -> list[str]:
        """The arguments in which the networks differ, but for data."""
        simple = str | int | float | Configurable
        first, *others = (run.arguments for run in self.runs)
        names = [name for name in first if name != "epochs" and isinstance(first[name], simple)]
        return [n for n in names if any(repr(each[n]) != repr(first[n]) for each in others)]

    def _place(self, index: int) -> int:
        """The place of a network, which may be counted from the end."""
        count = len(self)
        return int(check_number(index, "index", ge=-count, lt=count, integer=True)) % count

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.runs)

    def __repr__(self) -> str:
        """Count the networks by the reasons of their ends."""
        reasons = Counter(history.stop_reason for history in self.histories)
        ends = ", ".join(f"{count} {reason or 'in training'}" for reason, count in reasons.items())
        return f"<Population: {count_of(len(self), 'network')}, {ends}>"

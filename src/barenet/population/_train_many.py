"""The function `train_many`: trains many networks on the same data, in threads."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from os import PathLike
from typing import Any, TypeAlias, TypeVar

from numpy.typing import ArrayLike

from barenet._constraints import check_count, check_flag
from barenet.engines._threads import available_threads
from barenet.errors import ArgumentError, DivergenceError, caller_stacklevel, count_of, suggestion
from barenet.model._network import Network
from barenet.model.losses import Loss
from barenet.optimization._penalties import Penalty
from barenet.optimization._schedules import Schedule
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.optimizers._optimizer import Clipping
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._network_run_factory import NetworkRunFactory
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._population_progress import population_progress
from barenet.population._workers import advance_all
from barenet.training._callbacks import Callbacks

T = TypeVar("T")

#: One value for all networks, or a list with one for each.
Each: TypeAlias = T | list[T]

#: The arguments that may be such lists.
OF_EACH = """rows validation_rows loss optimizer epochs batch_size shuffle sample_weight
    validation_data test_data metrics schedule penalty clip callbacks engine seed"""

#: Arguments of scikit-learn's searches that have other names here.
SKLEARN_NAMES = {"scoring": "metric", "n_iter": "n_candidates", "n_jobs": "threads"}


def train_many(
    networks: Sequence[Network],
    X: ArrayLike,
    y: ArrayLike,
    *,
    rows: Each[ArrayLike | None] = None,
    validation_rows: Each[ArrayLike | None] = None,
    loss: Each[str | Loss | None] = None,
    optimizer: Each[str | Optimizer | LBFGS] = "adam",
    epochs: Each[int] = 100,
    batch_size: Each[int | str | None] = "auto",
    shuffle: Each[bool] = True,
    sample_weight: Each[ArrayLike | None] = None,
    validation_data: Each[tuple[ArrayLike, ...] | None] = None,
    test_data: Each[tuple[ArrayLike, ...] | None] = None,
    metrics: Each[str | tuple[str, ...]] = (),
    schedule: Each[str | Schedule | None] = None,
    penalty: Each[str | Penalty | tuple[str | Penalty, ...] | None] = None,
    clip: Each[str | Clipping | None] = None,
    callbacks: Each[Callbacks] = (),
    engine: Each[str] = "auto",
    seed: Each[int] = 0,
    scale: float = 1.0,
    threads: int | None = None,
    after_slice: Callable[[Population], object] | None = None,
    slice_epochs: int = 1,
    progress: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
) -> Population:
    """Train many networks on the same data, in place.

    Each network ends with the same bits as if it were trained by `train` alone. The threads take
    whole networks, the costliest first, so they do not wait for each other. An argument of `train`
    takes one value for all networks, or a list with one value for each; a tuple is one value, such
    as ``metrics=("accuracy", "r2")``. Objects such as optimizers and callbacks are copied for each
    network, from a list, too; functions are not.

    Parameters
    ----------
    networks : sequence of Network
        The networks, which may differ in their layers; no network twice.
    X : array-like of shape (n_samples, n_inputs)
        The samples of all networks, which share one array.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    rows : array-like of int, or a list of them, optional
        Indices of the rows of X that a network is trained on, such as a fold or a bootstrap sample;
        all rows by default.
    validation_rows : array-like of int, or a list of them, optional
        Indices of the rows of X of the validation set, in place of `validation_data`.
    loss, optimizer : str or object, or a list of them
        As in `train`.
    epochs, batch_size, shuffle : int and bool, or a list of them
        As in `train`.
    sample_weight : array-like of shape (n_samples,), optional
        The weight of each row of X.
    validation_data, test_data : tuple of X and y, and optionally sample weights, optional
        As in `train`.
    metrics : str or tuple of str, default=()
        As in `train`.
    schedule, penalty, clip : str or object, or a list of them, optional
        As in `train`.
    callbacks : Callback, callable, or a tuple of them, default=()
        As in `train`. They are called in the threads, for several networks at the same time.
    engine, seed : str and int, or a list of them, default="auto" and 0
        As in `train`.
    scale : float, default=1.0
        As in `train`, for all networks.
    threads : int, optional
        Number of networks that are trained at the same time; by default ``BARENET_THREADS`` in the
        environment, else the number of allowed cores.
    after_slice : callable, optional
        Called with the `Population` each time that its networks have run another `slice_epochs`
        epochs; it may drop or replace networks.
    slice_epochs : int, default=1
        Epochs between two of these calls.
    progress : bool, default=False
        Show a progress bar on a terminal, or lines elsewhere, on standard error.
    checkpoint : str or path, optional
        Folder for the states of the networks. Those in training are saved every 30 seconds, and
        those that end later than that at their end.
    resume : bool, default=False
        True to resume from `checkpoint`. A resumed population ends with bit-identical results,
        unless `after_slice` drops or replaces networks: it is called for each slice again. False
        removes the states of an earlier population.

    Returns
    -------
    Population
        The networks and their histories. A network that diverged or failed is in its `errors`, and
        the others are trained nevertheless.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.
    OSError
        If a checkpoint can't be written.
    KeyboardInterrupt
        After Ctrl-C; the networks keep their present parameters.

    Warns
    -----
    RuntimeWarning
        If networks diverged or failed.

    Examples
    --------
    >>> from barenet import Network, train_many
    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> networks = [Network.dense([1, 8, 1], seed=seed) for seed in range(3)]
    >>> result = train_many(networks, X, X[:, 0] ** 2, epochs=[10, 20, 30], seed=[0, 1, 2])
    >>> [len(history) for history in result.histories]
    [10, 20, 30]
    """
    each = split(locals(), check_networks(networks))
    folder = PopulationCheckpoint(checkpoint, resume=resume)
    make = NetworkRunFactory(X, y, scale, available_threads(threads), len(each), Stop(), folder)
    with folder.lock():
        population = Population(make_runs(make, networks, each), make)
        run_slices(population, slice_epochs, after_slice, progress=progress)
    return population


def make_runs(
    make: NetworkRunFactory, networks: Sequence[Network], each: list[dict[str, Any]]
) -> list[NetworkRun]:
    """Make the runs; an error that not all networks have names the index of the network."""
    runs = list[NetworkRun]()
    for index, (network, own) in enumerate(zip(networks, each, strict=True)):
        try:
            runs.append(make(index, network, own))
        except ArgumentError as error:
            name = error.argument
            if index or any(own.get(name) is not others.get(name) for others in each):
                error.problem = f"network {index}: {error.problem}"
            raise
    return runs


def check_networks(networks: Sequence[Network]) -> int:
    """Count the networks, and refuse one that is there twice."""
    found = networks if isinstance(networks, Sequence) else ()
    if not found or len({*map(id, found)}) < len(found):
        raise ArgumentError.of("networks", networks, "a list of networks, none of them twice")
    return len(found)


def check_arguments(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are none of a function's further arguments."""
    for name in sorted({*given} - {*known}):
        close = suggestion(SKLEARN_NAMES.get(name, name), known)
        raise ArgumentError(f"is no argument of {function}{close}", argument=name)


def split(arguments: Mapping[str, Any], n_networks: int) -> list[dict[str, Any]]:
    """Arguments of each network: a list has one value for each."""
    given = {name: arguments[name] for name in OF_EACH.split()}
    for name, value in given.items():
        if isinstance(value, list) and len(value) != n_networks:
            problem = f"has {count_of(len(value), 'item')}, and there are {n_networks} networks"
            remedy = "a list has one item for each, a tuple or np.asarray(...) is one value for all"
            raise ArgumentError(problem, argument=name, remedy=remedy)
    columns = [v if isinstance(v, list) else [v] * n_networks for v in given.values()]
    return [dict(zip(given, values, strict=True)) for values in zip(*columns, strict=True)]


def run_slices(
    population: Population,
    slice_epochs: int,
    after_slice: Callable[[Population], object] | None,
    *,
    progress: bool,
) -> None:
    """Advance all networks slice by slice, or at once to their ends."""
    length = check_count(slice_epochs, "slice_epochs")
    if not (after_slice is None or callable(after_slice)):
        raise ArgumentError.of("after_slice", after_slice, "a function of the population")
    bar = population_progress(population) if check_flag(progress, "progress") else None
    with bar or nullcontext(lambda: None) as show:
        try:
            while population.active:
                epoch = None if after_slice is None else population.epoch + length
                advance_all(population, epoch, show)
                if after_slice is not None:
                    population.epoch += length
                    after_slice(population)
        finally:
            with ExitStack() as endings:  # of all, even if one can't be saved
                for each in population.runs:
                    if each.loop is not None:
                        endings.callback(each.end, "interrupted", resumable=True)
    report_errors(population)


def report_errors(population: Population) -> None:
    """Warn of networks that failed; raise the error if all failed other than by diverging."""
    errors = population.errors
    if not errors:
        return
    first, error = next(iter(errors.items()))
    if len(errors) == len(population) and not isinstance(error, DivergenceError):
        raise error
    failed = f"{len(errors)} of {count_of(len(population), 'network')} failed"
    text = f"{failed}; network {first} {population.histories[first].stop_reason}: {error}"
    warnings.warn(text, RuntimeWarning, stacklevel=caller_stacklevel())

"""The function `train_many`: trains many networks on the same data, in threads."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from numpy.typing import ArrayLike

from barenet._constraints import check_arguments, check_count, lists_options
from barenet._messages import count_of
from barenet._train import train
from barenet.engines import is_jax
from barenet.engines._threads import available_threads
from barenet.errors import ArgumentError, DivergenceError, caller_stacklevel
from barenet.model._network import Network
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._run_factory import NetworkRunFactory, PerNetworkOptions
from barenet.population._thread_pool import Advance, advance_in_threads, advance_together
from barenet.population._training_slice import advance_on_workers
from barenet.training._progress import live_line

if TYPE_CHECKING:
    from barenet._extras import Client

#: Arguments of `train` that apply to all networks, or are not options.
OF_ALL_NETWORKS = ("network", "X", "y", "scale", "threads", "progress", "checkpoint", "resume")


def _per_network_defaults() -> dict[str, Any]:
    """The arguments that each network may have for itself, with their defaults."""
    defaults: dict[str, Any] = {"rows": None, "validation_rows": None}
    for name, parameter in inspect.signature(train).parameters.items():
        if name not in OF_ALL_NETWORKS:
            defaults[name] = parameter.default
    return defaults


#: The arguments that each network may have for itself, with their defaults.
PER_NETWORK = _per_network_defaults()

#: Lines from the first to the last network, where there is no terminal.
N_LINES = 10


@lists_options(PerNetworkOptions)
def train_many(
    networks: Sequence[Network],
    X: ArrayLike,
    y: ArrayLike,
    *,
    scale: float = 1.0,
    threads: int | None = None,
    after_slice: Callable[[Population], object] | None = None,
    slice_epochs: int | tuple[int, ...] = 1,
    progress: bool | None = None,
    checkpoint: str | PathLike[str] | PopulationCheckpoint | None = None,
    resume: bool = False,
    client: Client | None = None,
    **arguments: Unpack[PerNetworkOptions],
) -> Population:
    """Train many networks on the same data, in place.

    Each network ends with the same bits as if it were trained by `train` alone. Each thread trains
    whole networks, the costliest first, so the threads don't wait for each other. The JAX engine
    computes networks with the same layers, loss, optimizer and batch size together, with the same
    results up to rounding.

    An argument of `train` takes one value for all networks, or a list with one value for each; a
    tuple is one value, such as ``metrics=("accuracy", "r2")``. Objects such as optimizers and
    callbacks are copied for each network, even from a list; functions are not.

    Parameters
    ----------
    networks : sequence of Network
        The networks, which may differ in their layers. None may occur twice.
    X : array-like of shape (n_samples, n_inputs)
        The samples of all networks, which share one array.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    scale : float, default=1.0
        As in `train`, for all networks.
    threads : int, optional
        Number of networks that are trained at the same time; by default ``BARENET_THREADS`` in the
        environment, else the number of allowed cores. It has no effect on networks that the JAX
        engine computes together.
    after_slice : callable, optional
        Called with the `Population` whenever its networks have run another `slice_epochs` epochs;
        it may drop or replace networks.
    slice_epochs : int or tuple of int, default=1
        Epochs between two of these calls. A tuple gives the epochs of the first slices; its last
        number applies to all further slices.
    progress : bool, optional
        As in `train`; True prints about ten lines where no bar can be shown.
    checkpoint : str or path, optional
        Folder for the states of the networks, or its address in an object store. The state of a
        network is saved every 30 seconds during training, and at the end if it ends later than
        that. On workers, it is saved at the end and after each slice.
    resume : bool, default=False
        True to resume from `checkpoint`. A resumed population ends with bit-identical results,
        unless `after_slice` drops or replaces networks: it is called for each slice again. False
        removes the states of an earlier population.
    client : dask.distributed.Client, optional
        Train the networks on the workers of a Dask cluster instead, one in each of their threads.
        X, y and all other values that several networks share are sent to each worker once. A lost
        worker's networks are trained again on others. Callbacks other than `EarlyStopping` and
        `TimeLimit`, and `threads`, are refused.
    **arguments
        Arguments of `train` with the same defaults, each a single value or a list: ``loss``,
        ``optimizer``, ``epochs``, ``batch_size``, ``shuffle``, ``sample_weight`` (of the rows of
        X), ``validation_data``, ``test_data``, ``metrics``, ``schedule``, ``penalty``, ``clip``,
        ``callbacks`` (called in the threads, for several networks at the same time), ``engine`` and
        ``seed``. Also ``rows``, indices of the rows of X that a network is trained on, such as a
        fold or a bootstrap sample, and ``validation_rows``, those of its validation set in place of
        ``validation_data``.

    Returns
    -------
    Population
        The networks and their histories. The errors of networks that diverged or failed are in its
        `errors`; the other networks are trained nevertheless.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.
    OSError
        If a checkpoint can't be written.
    WorkersError
        If the workers of `client` have another version of barenet, or the cluster is lost.
    KeyboardInterrupt
        After Ctrl-C. The networks keep their current parameters; on workers, those from the end of
        their training or of the last slice.

    Warns
    -----
    RuntimeWarning
        If networks diverged or failed.
    UserWarning
        If two networks have the same initial parameters and the same arguments, and so end equal.

    Examples
    --------
    >>> from barenet import Network, train_many
    >>> X = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> networks = [Network.dense([1, 8, 1], seed=seed) for seed in range(3)]
    >>> result = train_many(networks, X, X[:, 0] ** 2, epochs=[10, 20, 30], seed=[0, 1, 2])
    >>> [len(history) for history in result.histories]
    [10, 20, 30]
    """
    check_arguments("train_many", arguments, KNOWN)
    n_networks = check_networks(networks)
    network_arguments = split({**PER_NETWORK, **arguments}, n_networks)
    if not isinstance(checkpoint, PopulationCheckpoint):
        checkpoint = PopulationCheckpoint(checkpoint, resume=resume)
    if client is not None:
        if threads is not None:
            problem = "is for networks that are trained on this machine, and these are on workers"
            raise ArgumentError(problem, argument="threads", remedy="leave one of the two out")
        if hasattr(X, "__dask_graph__") or hasattr(y, "__dask_graph__"):
            problem = "each network needs all rows in one array, and Dask has them in parts"
            raise ArgumentError(problem, argument="X, y", remedy="call compute() before")
    n_threads = available_threads(threads)
    make = NetworkRunFactory(X, y, scale, n_threads, n_networks, Stop(), checkpoint)
    runs = make_runs(make, networks, network_arguments)
    warn_of_equal_networks(runs, arguments)
    population = Population(runs, make)
    with checkpoint.lock():
        advance: Advance = advance_in_threads
        if all(is_jax(run.arguments["engine"]) for run in runs):
            advance = advance_together
        if client is not None:
            advance = advance_on_workers(client, population)
        run_slices(population, slice_epochs, after_slice, advance, progress=progress)
    return population


#: All names of arguments, for suggestions.
KNOWN = {*PER_NETWORK, *inspect.signature(train_many).parameters}
KNOWN.discard("arguments")  # the parameter that collects those of each network


def make_runs(
    make: NetworkRunFactory, networks: Sequence[Network], network_arguments: list[dict[str, Any]]
) -> list[NetworkRun]:
    """Make the runs; an error of only some networks names the index of the first one."""
    runs: list[NetworkRun] = []
    for index, (network, arguments) in enumerate(zip(networks, network_arguments, strict=True)):
        try:
            runs.append(make(index, network, arguments))
        except ArgumentError as error:
            name = error.argument
            refused = arguments.get(name)
            is_shared = all(options.get(name) is refused for options in network_arguments)
            if index > 0 or not is_shared:
                error.problem = f"network {index}: {error.problem}"
            raise
    return runs


def check_networks(networks: Sequence[Network]) -> int:
    """Count the networks, and reject one that occurs twice."""
    n_different = 0
    if isinstance(networks, Sequence):
        n_different = len({id(network) for network in networks})
    if n_different == 0 or n_different < len(networks):
        raise ArgumentError.of("networks", networks, "a list of networks, none of them twice")
    return len(networks)


def warn_of_equal_networks(runs: Sequence[NetworkRun], options: Mapping[str, Any]) -> None:
    """Warn of the first two networks that end equal, as nothing distinguishes their trainings."""
    if any(isinstance(value, list) for value in options.values()):
        return
    first_by_parameters: dict[bytes, int] = {}
    for index, run in enumerate(runs):
        first = first_by_parameters.setdefault(run.network.parameters.tobytes(), index)
        if first != index and runs[first].job.structure == run.job.structure:
            problem = f"networks {first} and {index} have the same initial parameters and arguments"
            remedy = "give each network a seed of its own, as in Network.dense(..., seed=index)"
            text = f"{problem}, and will end equal; {remedy}"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
            return


def split(options: Mapping[str, Any], n_networks: int) -> list[dict[str, Any]]:
    """Split arguments into those of each network: a list has one value for each."""
    for name, value in options.items():
        if isinstance(value, list) and len(value) != n_networks:
            problem = f"has {count_of(len(value), 'item')}, and there are {n_networks} networks"
            remedy = "a list has one item for each, a tuple or np.asarray(...) is one value for all"
            raise ArgumentError(problem, argument=name, remedy=remedy)
    network_arguments = []
    for index in range(n_networks):
        arguments = {}
        for name, value in options.items():
            if isinstance(value, list):
                arguments[name] = value[index]
            else:
                arguments[name] = value
        network_arguments.append(arguments)
    return network_arguments


def run_slices(
    population: Population,
    slice_epochs: int | tuple[int, ...],
    after_slice: Callable[[Population], object] | None,
    advance: Advance,
    *,
    progress: bool | None,
) -> None:
    """Advance all networks slice by slice, or to the end in one call."""
    if slice_epochs and isinstance(slice_epochs, tuple):
        lengths = [check_count(length, "slice_epochs") for length in slice_epochs]
    else:
        lengths = [check_count(slice_epochs, "slice_epochs")]
    if not (after_slice is None or callable(after_slice)):
        raise ArgumentError.of("after_slice", after_slice, "a function of the population")
    with live_line(progress, width=24) as update:

        def show() -> None:
            show_progress(population, update)

        n_slices = 0
        try:
            while population.active:
                if after_slice is None:
                    advance(population, None, show)
                    continue
                last = len(lengths) - 1
                length = lengths[min(n_slices, last)]
                n_slices += 1
                advance(population, population.epoch + length, show)
                population.epoch += length
                after_slice(population)
        finally:
            with ExitStack() as endings:  # end all of them, even if one can't be saved
                for run in population.runs:
                    if run.loop is not None:
                        endings.callback(run.end, "interrupted", resumable=True)
            show()
    report_errors(population)


def show_progress(population: Population, update: Callable[..., None] | None) -> None:
    """Show how many epochs are done, and how many networks have ended, if there is a line."""
    if update is None:
        return
    n_networks = len(population)
    n_ended = 0
    n_done = 0  # epochs
    n_left = 0
    for run in population.runs:
        # Read once, as a thread may end the run or add an epoch.
        is_ended = run.is_ended
        n_epochs = len(run.history)
        n_done += n_epochs
        if is_ended:
            n_ended += 1
        else:
            n_left += run.config.epochs - n_epochs
    text = f"{n_ended:,} of {n_networks:,} networks"
    line = n_ended * N_LINES // n_networks
    update(n_done, n_done + n_left, text, line)


def report_errors(population: Population) -> None:
    """Warn of networks that failed; raise the error if all failed other than by diverging."""
    errors = population.errors
    if not errors:
        return
    [first, *_] = errors
    error = errors[first]
    if len(errors) == len(population) and not isinstance(error, DivergenceError):
        raise error
    failed = f"{len(errors)} of {count_of(len(population), 'network')} failed"
    text = f"{failed}; network {first} {population.histories[first].stop_reason}: {error}"
    warnings.warn(text, RuntimeWarning, stacklevel=caller_stacklevel())

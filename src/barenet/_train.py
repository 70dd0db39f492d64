"""The function `train`: checks every argument once, then starts a training loop."""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, ParamSpec, TypeVar

from numpy.typing import ArrayLike

from barenet._constraints import check_arguments, check_flag, check_number
from barenet._metrics import Metric, as_metrics
from barenet._registry import build
from barenet.engines import Job, choose_engine
from barenet.engines._block_rows import RowSource
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._network import Network
from barenet.model.layers import BatchNorm
from barenet.model.losses import Loss, as_loss
from barenet.optimization._penalties import Penalty, as_penalties
from barenet.optimization._schedules import Constant, Schedule, as_schedule
from barenet.optimization.optimizers import LBFGS, OPTIMIZERS, Optimizer
from barenet.optimization.optimizers._optimizer import Clipping, as_clipping
from barenet.training._callbacks import Callback, Callbacks
from barenet.training._epoch import TrainingConfig
from barenet.training._history import History
from barenet.training._loop import Loop, exclusive, make_loop
from barenet.training._progress import with_progress

P = ParamSpec("P")
T = TypeVar("T")


def for_users(function: Callable[P, T]) -> Callable[P, T]:
    """Wrap a function that trains, to help those who call it from a script or a notebook.

    An unknown argument raises an error that suggests the nearest one. Without ``progress``, the
    progress is shown only in a terminal or a notebook.
    """
    parameters = inspect.signature(function).parameters

    @functools.wraps(function)
    def checked(*args: P.args, **options: P.kwargs) -> T:
        if not options.keys() <= parameters.keys():
            check_arguments(function.__name__, options, parameters)
        # An object in place of standard error may lack this method.
        in_terminal = hasattr(sys.stderr, "isatty") and sys.stderr.isatty()
        in_notebook = "ipykernel" in sys.modules
        is_watched = in_terminal or in_notebook
        if options.get("progress") is None and not is_watched:
            options["progress"] = False
        return function(*args, **options)

    return checked


@for_users
def train(
    network: Network,
    X: Any,
    y: ArrayLike | None = None,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer | LBFGS = "adam",
    epochs: int = 100,
    batch_size: int | Literal["auto"] | None = "auto",
    shuffle: bool = True,
    sample_weight: ArrayLike | None = None,
    validation_data: Sequence[ArrayLike] | None = None,
    test_data: Sequence[ArrayLike] | None = None,
    metrics: str | Sequence[str] = (),
    schedule: str | Schedule | None = None,
    penalty: str | Penalty | Sequence[str | Penalty] | None = None,
    clip: str | Clipping | None = None,
    callbacks: Callbacks = (),
    engine: str = "auto",
    seed: int = 0,
    scale: float = 1.0,
    threads: int | None = None,
    progress: bool | None = None,
    checkpoint: str | PathLike[str] | Any = None,
    resume: bool | str | PathLike[str] = False,
) -> History:
    """Train a network on a training set, in place.

    Parameters
    ----------
    network : Network
        The network; training starts from its current parameters.
    X : array-like or sparse matrix of shape (n_samples, n_inputs)
        The samples, ideally scaled to about −1 … 1. An array of float32, float64 or uint8 is used
        without a copy, even if it is memory-mapped or strided, and so is a CSR matrix. Dask arrays
        and data frames stay on their workers. Anything else is converted once; other sparse
        matrices are converted to CSR.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets: numbers, or class indices from 0.
    loss : str or Loss, optional
        The function to minimize; by default, the one that matches the output activation. A `Loss`,
        or a name, with options after a colon, such as ``"huber:delta=2"``: "squared_error",
        "absolute_error", "huber", "quantile", "gaussian_nll", "poisson", "gamma", "tweedie",
        "binary_cross_entropy", "categorical_cross_entropy", "binary_focal" or "categorical_focal".
    optimizer : str, Optimizer or LBFGS, default="adam"
        The rule for the steps: "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam",
        "adamw", "lion", "muon" or "lbfgs". An instance keeps its moments from call to call.
    epochs : int, default=100
        Passes over the training set; for L-BFGS, the maximum number of iterations.
    batch_size : int, "auto" or None, default="auto"
        Number of rows in a mini-batch. "auto" is 32, or all rows if there are fewer; None is all
        rows. L-BFGS always uses all rows.
    shuffle : bool, default=True
        Whether to visit the rows in a new order each epoch.
    sample_weight : array-like of shape (n_samples,), optional
        The weight of each row.
    validation_data, test_data : tuple of X and y, and optionally sample weights, optional
        The validation set and the test set, which are evaluated after each epoch for curves such as
        ``validation_loss`` and ``test_accuracy``. `EarlyStopping` and `ReduceOnPlateau` use the
        curves of the validation set; the test set does not affect the training.
    metrics : str or sequence of str, default=()
        Metrics of the training, validation and test sets after each epoch: "accuracy", "auc", "f1",
        "balanced_accuracy", "log_loss", "r2", "rmse" or "mae".
    schedule : str or Schedule, optional
        Learning rate schedule: "constant" (the default), "step", "exponential", "inverse_scaling",
        "cosine", "one_cycle" or "reduce_on_plateau", which uses the validation loss if there is a
        validation set, and otherwise the training loss.
    penalty : str, Penalty, or a sequence of them, optional
        Regularization terms on the weights, such as ``"l2:strength=0.01"``: "l1" or "l2".
    clip : str or Clipping, optional
        A limit on the gradient of each step, such as ``"norm:limit=1"``: "norm" limits the norm of
        all its entries, and "value" limits each entry.
    callbacks : Callback, callable, or a sequence of them, default=()
        Callbacks that are invoked during training. A function is called with the `Run` after each
        epoch; the run ends if it returns True, or a text, which is the reason.
    engine : {"auto", "reference", "compiled", "jax"}, default="auto"
        "reference" uses NumPy. "compiled" takes the same steps with kernels that are compiled when
        first needed, which takes some seconds once per machine. "auto" is "compiled", or
        "reference" for a user-defined layer, activation, loss or optimizer. "jax" takes them on a
        GPU, or on the processor if there is none, and needs the extra of the same name;
        ``"jax:precision=tf32"`` rounds the operands of matrix products. The history has the name of
        the engine.
    seed : int, default=0
        Determines the order of the rows and the dropout. The same seed gives bit-identical results
        on the same machine with the same engine and libraries.
    scale : float, default=1.0
        Factor for the X of all three sets, applied to each batch in the network's dtype: bytes of 0
        … 255 are trained with ``scale=1/255`` without converting the whole array. It is not part of
        the network: call `predict` with ``X * scale``.
    threads : int, optional
        Maximum number of threads of the compiled engine. The default is ``BARENET_THREADS`` in the
        environment, or else as many as are worth starting, but never more than the allowed cores.
        The results don't depend on it, bit for bit. The reference engine leaves threads to NumPy,
        and the JAX engine to JAX.
    progress : bool, optional
        By default, a run of more than a second shows a bar on a terminal or in a notebook, if it
        runs in the main thread and no callback shows the progress. False shows nothing. True is the
        same as ``callbacks=Progress()``, whose bar stays, and which prints lines elsewhere.
    checkpoint : str, path or Checkpoint, optional
        File or folder for the state of the run, which is saved every 30 seconds, or as configured
        by a `Checkpoint`; or its address, such as ``"s3://bucket/run.safetensors"``. An existing
        file is replaced only if it is empty or a checkpoint of the same kind of run.
    resume : bool, str or path, default=False
        True to resume from `checkpoint`, or to start if there is none yet; or the path of another
        checkpoint to resume from. The results are bit-identical to those of an uninterrupted run.

    Returns
    -------
    History
        The curves of the run, and the reason it ended.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it. Also, if the data or a setting differs
        from the checkpoint; the message lists the changes.
    FileNotFoundError
        If `resume` is a path without a checkpoint.
    ModelFileError
        If the checkpoint is damaged.
    OSError
        If the checkpoint can't be written; the previous one is unchanged.
    DivergenceError
        If the loss or a parameter is no longer a finite number.
    RuntimeError
        If the network is already being trained.
    KeyboardInterrupt
        After Ctrl-C; the network keeps its current parameters.

    Warns
    -----
    RuntimeWarning
        If the loss grows by a factor of a million, or all gradients of an epoch are 0.
    UserWarning
        If the batch size is larger than the number of rows, which is then used instead.

    Examples
    --------
    >>> from barenet import Network, train
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> network = Network.dense([1, 16, 1], seed=1)
    >>> history = train(network, X, X[:, 0] ** 2, optimizer="adam:learning_rate=0.01")
    >>> history.loss[-1] < 0.01 * history.loss[0]
    True
    """
    job = make_job(
        network,
        X,
        y,
        sample_weight=sample_weight,
        scale=scale,
        loss=loss,
        optimizer=optimizer,
        penalty=penalty,
        clip=clip,
        seed=seed,
    )
    all_callbacks: Sequence[Callback] = ()
    if callbacks or progress is not False:
        all_callbacks = with_progress(callbacks, progress)
    if shuffle is not True:
        shuffle = check_flag(shuffle, "shuffle")
    rate_schedule: Schedule = Constant()
    if schedule is not None:
        rate_schedule = as_schedule(schedule)
    measured: Mapping[str, Metric] = {}
    if metrics:
        measured = as_metrics(metrics)
    config = TrainingConfig(
        epochs=epochs,
        shuffle=shuffle,
        schedule=rate_schedule,
        metrics=measured,
        held_out=check_held_out(job, validation=validation_data, test=test_data),
        callbacks=all_callbacks,
        batch_size=check_batch_size(batch_size, job),
    )
    loop = make_loop(choose_engine(engine, job, threads), config)
    if checkpoint is not None or resume is not False:
        return _advance_saved(loop, checkpoint, resume)
    with exclusive(network), loop.session():
        return loop.advance(epochs)


def _advance_saved(loop: Loop, checkpoint: Any, resume: Any) -> History:
    from barenet.files._checkpoint_manager import saved_session

    with exclusive(loop.run.network), saved_session(loop, checkpoint, resume):
        return loop.advance(loop.config.epochs)


def make_job(
    network: Network,
    X: Any,
    y: Any,
    *,
    sample_weight: ArrayLike | None,
    scale: float,
    loss: str | Loss | None,
    optimizer: str | Optimizer | LBFGS,
    penalty: str | Penalty | Sequence[str | Penalty] | None,
    clip: str | Clipping | None,
    seed: int,
) -> Job:
    """Check everything that a single step needs; X may be rows that were already checked."""
    if not isinstance(network, Network):
        raise ArgumentError.of("network", network, "a Network")
    _check_trainable(network)
    objective = as_loss(loss, network.output_activation)
    if hasattr(X, "__dask_graph__"):
        from barenet.distributed._dask_rows import DaskRows

        X = DaskRows(X)
    if isinstance(X, RowSource):
        X = X.make_rows(network, objective, y, sample_weight, scale)
    if isinstance(X, ArrayDataset):
        rows = X
    else:
        rows = validate_arrays(network, objective, X, y, sample_weight, scale)
    penalties: list[Penalty] = []
    if penalty is not None:
        penalties = as_penalties(penalty)
    clipping = as_clipping(clip) if clip is not None else None
    return Job(
        network=network,
        rows=rows,
        loss=objective,
        optimizer=build(Optimizer | LBFGS, OPTIMIZERS, optimizer, "optimizer"),
        penalties=penalties,
        clipping=clipping,
        seed=seed,
    )


def _check_trainable(network: Network) -> None:
    """Refuse a network whose layers with parameters are all frozen."""
    has_parameters = False
    for layer in network.layers:
        if layer.parameter_shapes:
            has_parameters = True
            if layer.trainable:
                return
    if has_parameters:
        problem = "none of its layers is trainable"
        remedy = "set network.layers[-1].trainable = True, or that of other layers"
        raise ArgumentError(problem, argument="network", remedy=remedy)


def check_held_out(job: Job, **held_out: Sequence[ArrayLike] | None) -> dict[str, ArrayDataset]:
    """Check the held-out sets; errors name the argument."""

    def check(X: Any, y: Any, weight: Any = None) -> ArrayDataset:
        return validate_arrays(job.network, job.loss, X, y, weight, job.rows.scale)

    checked = {}
    for part, data in held_out.items():
        if data is not None:
            checked[part] = held_out_rows(data, f"{part}_data", check)
    return checked


def held_out_rows(
    data: Sequence[ArrayLike], argument: str, check: Callable[..., ArrayDataset]
) -> ArrayDataset:
    """Make rows from X, y and optional weights with a function; errors name the argument."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ArgumentError.of(argument, data, "(X, y) or (X, y, sample_weight)")
    try:
        return check(*data)
    except ValueError as error:
        raise ArgumentError(str(error), argument=argument) from error


def check_batch_size(batch_size: int | str | None, job: Job, auto: int = 32) -> int:
    """Return the rows per step: all for L-BFGS or None; clip a larger number with a warning."""
    n_rows = job.rows.n_rows
    if batch_size is None or job.optimizer.full_batch:
        return n_rows
    if isinstance(batch_size, str) and batch_size == "auto":
        return min(auto, n_rows)
    size = int(check_number(batch_size, "batch_size", ge=1, integer=True))
    if size == 1 and any(isinstance(layer, BatchNorm) for layer in job.network.layers):
        problem = "a batch norm needs batches of 2 rows or more"
        raise ArgumentError(problem, argument="batch_size", value=1)
    if size > n_rows:
        text = f"batch_size: {size} is more than the {n_rows} rows; taking {n_rows}"
        warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
    return min(size, n_rows)

"""Checkpointing: the whole state of a run, saved while it trains and loaded where it resumes.

The order of the rows and the dropout are functions of the seed and the step, so the state is small:
vectors, counts and the history. It is saved with the identity of the run: its settings as text, its
data as checksums and its environment, each by its name, so that a refusal can list the changes.
"""

import hashlib
import platform
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._sparse_rows import SparseRows
from barenet.engines import Engine
from barenet.errors import ResumeError, brief, in_a_line, printable
from barenet.model._array_dataset import ArrayDataset
from barenet.model._network import Snapshot
from barenet.model._stateful import Stateful
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._lbfgs import LBFGSHistory
from barenet.training._callbacks import Callback, Run
from barenet.training._divergence import caller_stacklevel
from barenet.training._epoch import TrainingConfig

#: Numbers, text and arrays by name, for each part of a run.
StateDict: TypeAlias = dict[str, dict[str, Any]]

#: Bytes that a checksum takes at a time.
BLOCK = 2**24


class Checkpointer(Protocol):
    """Saves states, each in place of the one before; `Checkpoint` saves them in a file."""

    def lock(self, run: Run) -> AbstractContextManager[object]:
        """Reserve the place for one run; OSError or ValueError if it can't be saved there."""

    def read(self) -> StateDict | None:
        """Read the state that was saved last, if there is one."""

    def should_save(self, run: Run) -> bool:
        """Whether to save the state now; called after each chunk and each epoch."""

    def save(self, run: Run, state: StateDict) -> None:
        """Save a state; the one before is replaced only when the new one is complete."""


@dataclass(eq=False)
class CheckpointManager(Callback):
    """Saves a run by a checkpointer, and resumes it from a state; called after all callbacks.

    It knows no loop: it saves and loads named parts.
    """

    checkpointer: Checkpointer | None
    engine: Engine
    config: TrainingConfig
    parts: Mapping[str, Stateful]
    #: The state to resume from.
    state: StateDict | None

    def __post_init__(self) -> None:
        self.has_saved = self.state is not None
        # A resumed run may have other callbacks without a state.
        callbacks = self.config.callbacks
        stateful = [each for each in callbacks if type(each).state_dict is not Stateful.state_dict]
        self.stateful = numbered("callback", stateful)
        # Before a callback changes any.
        self.settings = settings_of(self.engine, self.config, self.stateful)
        # After 1 s: a short run needs none, and with large data a signal to end should not wait.
        self._checksums = threading.Timer(1, lambda: self._data)
        self._checksums.daemon = True
        self._checksums.start()

    @contextmanager
    def resume(self) -> Iterator[None]:
        """Load the state; if it is refused in this context, everything is as it was before."""
        objects = [self.engine.job.optimizer, self.config.schedule, *self.config.callbacks]
        before = [(each, dict(vars(each))) for each in objects if hasattr(each, "__dict__")]
        network = self.engine.job.network
        snapshot = Snapshot.of(network)
        try:
            if self.state is not None:
                self._check_identity(self.state)
            self._load(self.parts)
            yield
        except ResumeError:
            snapshot.restore(network)
            for each, attributes in before:
                vars(each).clear()
                vars(each).update(attributes)
            raise

    def on_start(self, run: Run) -> None:
        """Load the states of the callbacks, which have been reset by their own `on_start`."""
        self._load(self.stateful)

    def on_chunk(self, run: Run) -> None:
        if run.batch < run.n_batches:  # a whole epoch is saved once it is measured
            self.on_epoch(run)

    def on_epoch(self, run: Run) -> None:
        if not run.stop_reason:
            self._save(run)

    def on_end(self, run: Run) -> None:
        """Cancel the checksums, if no state has needed them yet."""
        self._checksums.cancel()

    def save_end(self, run: Run) -> None:
        """Save the last state, if the run can be resumed or an earlier state was saved.

        A run that ends before the first state is due leaves nothing: repeating it takes less time
        than a crash may lose anyway.
        """
        self._save(run, needed=self.has_saved or not run.finished)

    def _save(self, run: Run, *, needed: bool = False) -> None:
        """Save the state if it is needed or due; not one that the monitor is about to reject."""
        if (saver := self.checkpointer) is None or not (needed or saver.should_save(run)):
            return
        if np.isfinite(run.network.parameters).all():
            parts = {**self.parts, **self.stateful}
            states = {name: part.state_dict() for name, part in parts.items()}
            saver.save(run, {**self._identity(), **states})
            self.has_saved = True

    def _load(self, parts: Mapping[str, Stateful]) -> None:
        """Load the state of parts, if there is one; an invalid one is refused."""
        if (state := self.state) is None:
            return
        try:
            if parts is self.parts:
                validate_state(state, parts)
            for name, part in parts.items():
                part.load_state_dict(state[name])
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ResumeError(f"resume: not a valid checkpoint: {in_a_line(error)}") from error

    def _identity(self) -> StateDict:
        self._checksums.cancel()
        self._checksums.join()  # if it has begun; else they are computed here
        surroundings = environment(self.engine.name)
        return {"settings": self.settings, "data": self._data, "surroundings": surroundings}

    @cached_property
    def _data(self) -> dict[str, Any]:
        return data_of(self.engine.job.rows, self.config.held_out)

    def _check_identity(self, state: StateDict) -> None:
        """Refuse the state of another run; warn if last digits may differ."""
        *differing, elsewhere = (
            changes(state.get(name, {}), now) for name, now in self._identity().items()
        )
        if text := "; ".join(filter(None, differing)):
            raise ResumeError(f"resume: the checkpoint is of another run: {text}")
        if elsewhere:
            text = f"resume: the run may end in other last digits than it would have: {elsewhere}"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


def settings_of(
    engine: Engine, config: TrainingConfig, callbacks: Mapping[str, Callback]
) -> dict[str, Any]:
    """Everything but the data that decides the steps of a run."""
    job, network = engine.job, engine.job.network
    settings: dict[str, Any] = {"engine": engine.name, "dtype": network.dtype.name}
    settings |= {name: getattr(job, name) for name in ("seed", "loss", "optimizer")}
    settings |= {"clip": job.clipping, "scale": job.rows.scale}
    same = ("epochs", "batch_size", "shuffle", "schedule")
    settings |= {name: getattr(config, name) for name in same}
    settings |= {"metrics": ", ".join(config.metrics) or None, **callbacks}
    settings |= numbered("layer", network.layers) | numbered("penalty", job.penalties)
    return {name: _in_words(value) for name, value in settings.items()}


def data_of(rows: ArrayDataset, held_out: Mapping[str, ArrayDataset]) -> dict[str, Any]:
    """Shapes and checksums of the data."""
    described = {}
    for prefix, data in {"": rows, **held_out}.items():
        for name, array in zip(("X", "y", "sample_weight"), data, strict=False):
            if isinstance(array, np.ndarray | SparseRows):
                shape = f"{' × '.join(map(str, array.shape))} of {array.dtype}"
                label = f"{prefix}_data's {name}" if prefix else name
                values = array.entries if isinstance(array, SparseRows) else array
                described[label] = {"shape": shape, "sha256": checksum(values)}
    return described


def checksum(array: NDArray[Any]) -> str:
    """Compute the SHA-256 of an array's values in C order.

    It takes some rows at a time: X may be larger than the memory.
    """
    digest, n_rows = hashlib.sha256(), max(1, BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), n_rows):
        block = np.ascontiguousarray(array[start : start + n_rows])
        digest.update(block.view(np.uint8).data)
    return digest.hexdigest()


def environment(engine: str) -> dict[str, Any]:
    """Versions and processor, which the last bits of a number may depend on."""
    packages = ["barenet", "numpy", "scipy"] + ["numba", "llvmlite"] * (engine == "compiled")
    found = {package: import_module(package).__version__ for package in packages}
    found["machine"] = platform.machine()
    if engine == "compiled":
        from barenet.engines.simd._processor import vector_bits

        found["bits of a vector"] = vector_bits()
    return found


def numbered(name: str, things: Sequence[Any]) -> dict[str, Any]:
    """Name things by their kind and position: "layer 0", "layer 1"."""
    return {f"{name} {place}": thing for place, thing in enumerate(things)}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Describe the differences."""
    found = []
    for name in {**before, **now}:
        pair = before.get(name), now.get(name)
        if pair[0] != pair[1]:
            was, is_ = (each.get("shape") if isinstance(each, dict) else each for each in pair)
            words = ("nothing" if each is None else printable(each) for each in (was, is_))
            other = "{} was {}, and is {}".format(name, *words)
            found.append(f"{name} has other values" if was == is_ else other)
    return "; ".join(found)


def _in_words(value: Any) -> Any:
    """Text that is the same in every process: the class name where there is no own repr."""
    if value is None or isinstance(value, str | int | float):
        return value
    inherited: object = type(value).__repr__
    return type(value).__name__ if inherited is object.__repr__ else repr(value)


def validate_state(state: StateDict, parts: Mapping[str, Any]) -> None:
    """Refuse a state that no run of this kind has saved.

    A checksum detects damage, not the maker of a file. Loaded arrays are used without further
    checks, by compiled code among others, so they must have the kinds and shapes of this run's.
    """
    saved, optimizer, run = state["run"], state["optimizer"], parts["run"]
    parameters = run.network.parameters
    check_index = partial(check_number, ge=0, integer=True)
    epoch = check_index(saved["epoch"], "epoch", le=run.epochs)
    batch = int(check_index(saved["batch"], "batch", le=run.n_batches))
    done = len(saved.get("curve_loss", ()))
    if not epoch <= done <= epoch + 1:
        raise ValueError(f"curves: expected {epoch} or {epoch + 1} epochs, got {done}")
    if saved["best_epoch"] is not None:
        check_index(saved["best_epoch"], "best_epoch", lt=done)
    if isinstance(parts["optimizer"], Optimizer) and check_index(optimizer["n_steps"], "n_steps"):
        parts["optimizer"].prepare(parameters)  # its moments are among the examples
    examples = {name: part.state_dict() for name, part in parts.items()}
    if saved["stop_reason"] is not None:
        examples["run"]["stop_reason"] = ""
    if done:
        examples["run"] |= dict.fromkeys((f"curve_{name}" for name in run.measured), np.zeros(done))
    losses = np.zeros(min(batch, len(parts["tally"].rates)))
    examples["tally"] |= {"losses": losses, "gradient_norms": losses}
    if isinstance(parts["optimizer"], LBFGSHistory):
        count = len(optimizer.get("values", ()))
        check_index(optimizer["reported"], "reported", le=count)
        if "start" in optimizer:
            gradients = np.zeros((count, parameters.size), parameters.dtype)
            counted = {"values": np.zeros(count), "places": np.zeros(count, np.int64)}
            examples["optimizer"] |= {"start": parameters, "gradients": gradients, **counted}
    for name, example in examples.items():
        validate_like(state[name], example)


def validate_like(state: Mapping[str, Any], examples: Mapping[str, Any]) -> None:
    """Check that values have the kinds and shapes of examples."""
    for name, example in examples.items():
        if example is not None and _kind(state[name]) != _kind(example):
            raise ValueError(f"{name}: expected {_kind(example)}, got {brief(state[name])}")


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    is_number = isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
    return "a number" if is_number else type(value).__name__

"""``barenet train``: train a network, print its scores, and save it in the folder of a run."""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from barenet import _shell as shell
from barenet._messages import with_addresses
from barenet.callbacks import Progress
from barenet.cli._console import emit_json, log
from barenet.cli._flags import DATA, Data, RunSettings, Scheduler, Threads, Workers
from barenet.cli._interruption import Interruption
from barenet.cli._introduction import Introduction, introduce
from barenet.cli._results import OutputOptions, Results
from barenet.cli._run_file import read_run_file
from barenet.cli._run_folder import RunFolder
from barenet.cli._teacher import (
    check_same_rows,
    emit_comparison,
    load_teacher,
    with_settings_of,
)
from barenet.cli._trained_model import check_addresses, load_trained
from barenet.distributed._cluster import open_client
from barenet.errors import ArgumentError
from barenet.files._checkpoint import parse_interval
from barenet.files._run_identity import changes
from barenet.settings._run_config import RunConfig
from barenet.settings._task_settings import ONE_NETWORK, TaskSettings
from barenet.storage._file_io import name_of
from barenet.tasks._fit import EnsembleFit, Fit
from barenet.tasks._task import Task
from barenet.training._callbacks import Callback

if TYPE_CHECKING:
    from distributed import Client

#: The message of a run that is resumed before its first checkpoint.
NO_CHECKPOINT = "there is no checkpoint yet, so the training starts again\n"

#: The default interval between checkpoints.
EVERY = "30s"


def train(
    data: Data = "",
    *,
    settings: RunSettings = RunSettings(),
    config: Annotated[Path | None, Parameter(group=DATA)] = None,
    resume: Annotated[Path | None, Parameter(group=DATA)] = None,
    threads: Threads = None,
    checkpoint_every: str = EVERY,
    workers: Workers = None,
    scheduler: Scheduler = None,
    output: OutputOptions = OutputOptions(),
) -> int:
    """Train a network on a named data set or a file, or an ensemble on a table.

    On a table, sixteen small networks (eight from 12,000 rows on) are trained together, each on
    different parts of the rows, and predict together. They need no settings, and stop on their own.
    --model network trains a single network.

    A named data set has default settings (barenet datasets --json lists them). A run file overrides
    them, and options override both; the defaults below apply to the rest. If you choose another
    optimizer or output activation than that of the data set, its default learning rate or loss is
    used, unless you set one.

    The default settings of a single network for a table depend on its number of rows: two hidden
    layers of 64 and 32 units with tanh, an L2 penalty of 3 / rows, and with 1,000 training rows or
    more, early stopping on a tenth of them with a patience of 30 epochs. The test rows never
    influence the training.

    With --teacher, a single network learns the predictions of another model, such as an ensemble,
    instead of the targets (distillation). It has the size of a single network of the ensemble, so
    its file and its exports are up to 16 times smaller, and it predicts up to 16 times faster. The
    scores of both on the test rows are printed. By default it is trained and tested on the same
    rows as its teacher, and takes the teacher's settings of the data, seed and metric.

    The model, its history, its settings and plots are saved in the folder of the run, which has to
    be new or empty. Ctrl-C stops training early and keeps the current model. Checkpoints are saved
    during training, so that `--resume` can continue a run that was interrupted or killed, with a
    bit-identical result.

    Parameters
    ----------
    data : str
        A named data set (see `barenet datasets`), such as iris or moons:samples=500,noise=0.2; or a
        .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard input.
    config : Path
        A TOML file with any of these options, such as the settings.toml of an earlier run.
    resume : Path
        Folder of a run that was interrupted or killed, to continue it. It keeps the settings that
        it was started with, except those of the output, such as --no-plots, which are not saved.
    threads : int
        Maximum number of threads of the compiled engine; by default as many as are useful. The
        result does not depend on it, and it is not saved with the settings.
    checkpoint_every : str
        Interval between checkpoints: a number of epochs, a time such as 30s or 5m, or never, which
        saves a checkpoint only when a signal ends the run.
    workers : int
        Train the networks of an ensemble in this many processes of this machine, which end with it.
        Ctrl-C keeps the best epoch, and the checkpoint before it.
    scheduler : str
        Train the networks of an ensemble on the workers of a Dask cluster, given the address of its
        scheduler, such as tcp://10.0.0.1:8786.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    settings = dataclasses.replace(settings, data=data)
    teacher = None
    if settings.teacher is not None and resume is None:
        teacher = load_teacher(settings.teacher)
        settings = with_settings_of(teacher, settings)
        if not data:
            check_same_rows(teacher, settings)
    parse_interval(checkpoint_every, "checkpoint_every")
    workers_argument = ""
    if workers is not None:
        workers_argument = "workers"
    elif scheduler:
        workers_argument = "scheduler"
    if workers_argument and resume is None:
        _check_ensemble(settings, workers_argument)
    with open_client(workers, scheduler) as client:
        if resume is None:
            opened = output.folder(settings.data)
        else:
            earlier = _find_run(resume, output)
            if not earlier.is_unfinished:
                return _report_finished(earlier, settings, output.json)
            opened = earlier.locked(resuming=True)
        with opened as folder:
            status = run_in(
                folder,
                settings,
                threads,
                output,
                every=checkpoint_every,
                is_new=resume is None,
                client=client,
            )
            if teacher is not None and status == 0 and not output.json:
                emit_comparison(teacher, load_trained(folder.model))
            return status


def _check_ensemble(settings: TaskSettings, argument: str) -> None:
    """Refuse workers for a single network."""
    if settings.is_ensemble:
        return
    problem = ONE_NETWORK
    remedy = "leave it out"
    if settings.is_stream:
        problem = f"{ONE_NETWORK}, on rows that are read block by block"
    elif settings.is_table:
        remedy = "train an ensemble with {model}"
    raise ArgumentError(problem, argument=argument, remedy=remedy, model="ensemble")


def run_in(
    folder: RunFolder,
    requested: TaskSettings,
    threads: int | None,
    output: OutputOptions,
    *,
    every: str = EVERY,
    is_new: bool = True,
    extra: Mapping[str, Any] | None = None,
    client: "Client | None" = None,
) -> int:
    """Train a network in a locked folder, and return the exit status."""
    new_settings = requested if is_new else None
    with folder.running(new_settings):
        resume = False
        shows = sys.stderr.isatty() or not output.json  # with --json, a program reads the output
        if is_new:
            fit = _prepare_new(folder, requested, threads, progress=shows)
        else:
            fit, resume = _prepare_resumed(
                folder, requested, client, threads=threads, progress=shows
            )
        checkpoint = folder.new_checkpoint(every, fit.settings)
        with Interruption(on_workers=client is not None) as interruption:
            if isinstance(fit, EnsembleFit):
                note = fit.note
                if resume:
                    note += "resuming from the checkpoint\n\n"
                introduce(fit, note)
                callbacks = _callbacks_of_ensemble(interruption, client)
                progress = shows
            else:
                callbacks = _callbacks_of_network(fit, requested, interruption, shows=shows)
                progress = False  # a callback shows it
            trained, history = fit.run(
                callbacks,
                progress=progress,
                threads=threads,
                checkpoint=checkpoint,
                resume=resume,
                client=client,
            )
        results = Results(
            fit=trained,
            history=history,
            folder=folder,
            options=output,
            interruption=interruption,
            extra=extra,
        )
        if history.resumable and checkpoint.error is not None:
            results.miss(checkpoint.path.name, checkpoint.error)
    return results.write()


def _prepare_new(
    folder: RunFolder, settings: TaskSettings, threads: int | None, *, progress: bool
) -> Fit:
    """Prepare a new run, with the initial weights of another model if the settings name one."""
    settings.warn_of_implied_network()
    fit = Task.from_settings(settings).prepare(threads=threads, progress=progress)
    folder.show_note()
    return fit


def _prepare_resumed(
    folder: RunFolder,
    requested: TaskSettings,
    client: "Client | None",
    *,
    threads: int | None,
    progress: bool,
) -> tuple[Fit, bool]:
    """Prepare the run to resume; return it, and whether it has a checkpoint."""
    settings = _resumed(folder, requested, client)
    has_checkpoint = folder.checkpoint.exists()
    # The weights are in the checkpoint; the file of `start_from` may have changed.
    fit = Task.from_settings(settings).prepare(
        copy_weights=not has_checkpoint, threads=threads, progress=progress
    )
    _check_unchanged(fit.settings, requested, folder)
    if not has_checkpoint:
        log(NO_CHECKPOINT)
    return fit, has_checkpoint


def _callbacks_of_ensemble(interruption: Interruption, client: "Client | None") -> list[Callback]:
    """Return the callback for signals, or none on workers, which call no callbacks."""
    return [] if client is not None else [interruption]


def _callbacks_of_network(
    fit: Fit, requested: TaskSettings, interruption: Interruption, *, shows: bool
) -> list[Callback]:
    """Return the callbacks for the introduction, for signals, and for progress if shown."""
    callbacks: list[Callback] = [Introduction(fit)]
    if shows:
        every_epoch = requested.config.over(fit.settings.config).verbose_epoch
        callbacks.append(Progress(every_epoch))
    callbacks.append(interruption)
    return callbacks


def _resumed(folder: RunFolder, requested: TaskSettings, client: "Client | None") -> TaskSettings:
    """Return the settings of the resumed run; its limits and the folder of its data may differ."""
    settings = folder.read_unfinished()
    if client is not None and not settings.is_ensemble:
        raise ArgumentError(ONE_NETWORK, argument="workers, scheduler", remedy="leave it out")
    if requested.config.time_limit is not None:
        limit = RunConfig(time_limit=requested.config.time_limit)
        settings = dataclasses.replace(settings, config=limit.over(settings.config))
    if settings.is_stream:
        settings = dataclasses.replace(settings, memory=requested.memory or settings.memory)
    # the same rows in another folder
    if requested.data and name_of(requested.data) == name_of(settings.data):
        settings = dataclasses.replace(settings, data=requested.data)
    return check_addresses(folder.path, settings, requested)


def _find_run(path: Path, output: OutputOptions) -> RunFolder:
    """Find the folder of the run to resume."""
    folder = RunFolder(path)
    if path.is_file():
        folder = RunFolder(path.parent)
    if not (folder.is_unfinished or folder.model.is_file()):
        problem = f"no run found in {path}; start the run again without --resume"
        raise FileNotFoundError(f"resume: {problem}")
    elsewhere = output.out is not None and output.out.resolve() != folder.path.resolve()
    if elsewhere:
        problem = f"a run is resumed in its own folder, {folder.path}"
        raise ArgumentError(problem, argument="out", remedy="leave it out")
    return folder


def _report_finished(folder: RunFolder, requested: TaskSettings, json: bool) -> int:
    """Report that a run is finished, and return the exit status."""
    if folder.settings.is_file():
        _check_unchanged(read_run_file(folder.settings), requested, folder)
    log(f"{folder.path}: the run is finished, and its model is {folder.model}")
    if json:
        emit_json({"finished": True, "model": str(folder.model)})
    return 0


def _check_unchanged(settings: TaskSettings, requested: TaskSettings, folder: RunFolder) -> None:
    """Refuse settings other than those of the run, except those that do not affect the result."""
    requested_fields = requested.set_fields()
    for name in ("time_limit", "verbose_epoch"):
        requested_fields.pop(name, None)
    if settings.is_stream:
        requested_fields.pop("memory", None)
    fields = settings.set_fields()
    changed = changes({name: fields.get(name) for name in requested_fields}, requested_fields)
    if changed:
        problem = "a run is resumed with its own settings"
        before = "once it has ended, "
        if not folder.is_unfinished:
            problem = "the run is finished"
            before = f"--config {shell.quote(with_addresses(folder.settings))} "
        start_from = f"--start-from {shell.quote(with_addresses(folder.path))}"
        remedy = f"for others, {before}{start_from} starts a new run from its weights"
        raise ArgumentError(f"{problem}: {changed}", argument="resume", remedy=remedy)

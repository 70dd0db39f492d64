"""``barenet distill``, deprecated in favour of ``barenet train --teacher``."""

import warnings
from pathlib import Path

from barenet.cli._flags import Data, Threads
from barenet.cli._results import OutputOptions
from barenet.cli._teacher import check_same_rows, with_settings_of
from barenet.cli._train import train
from barenet.cli._trained_model import load_trained
from barenet.settings._task_settings import TaskSettings


def distill(
    model: Path,
    data: Data = "",
    /,
    *,
    threads: Threads = None,
    output: OutputOptions = OutputOptions(),
) -> int:
    """Deprecated, use `barenet train --teacher MODEL`: train on the predictions of a model.

    Parameters
    ----------
    model : Path
        The ensemble: the folder of its run, or its model file.
    data : str
        The rows that it was trained on, if they have been moved since.
    threads : int
        Maximum number of threads, by default as many as are useful.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    problem = "`barenet distill` is deprecated and will be removed"
    warnings.warn(f"{problem}: use `barenet train --teacher MODEL`", FutureWarning, stacklevel=2)
    teacher = load_trained(model)
    settings = TaskSettings(data=teacher.data_or_default(data), teacher=teacher.path)
    check_same_rows(teacher, with_settings_of(teacher, settings))
    return train(settings.data, settings=settings, threads=threads, output=output)

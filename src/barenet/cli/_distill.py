"""``barenet distill``: one small network, trained on the predictions of an ensemble."""

from dataclasses import replace
from pathlib import Path

from barenet import ModelCard, RunConfig
from barenet._metrics import score_text
from barenet.cli._console import log
from barenet.cli._flags import Data, Threads
from barenet.cli._results import OutputOptions
from barenet.cli._run_folder import RunFolder
from barenet.cli._train import run_in
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.tasks._measurement import metric_title
from barenet.tasks._task_settings import OF_THE_ROWS


def distill(
    model: Path,
    data: Data = "",
    /,
    *,
    threads: Threads = None,
    output: OutputOptions = OutputOptions(),
) -> int:
    """Train one network on the predictions of an ensemble.

    The network is as large as one of the ensemble's, so its file and its exports are up to 16 times
    smaller, and it predicts as much faster. It learns the predictions of the ensemble for the
    training rows in place of the targets, and is nearly as accurate, mostly more so than a network
    that is trained on the targets. The test rows are those of the ensemble.

    `barenet train --teacher MODEL` does the same with settings of your own, such as --layers.

    Parameters
    ----------
    model : Path
        The ensemble: the folder of its run, or its model file.
    data : str
        The rows that it was trained on, if they have moved since.
    threads : int
        Maximum number of threads, by default as many as are useful.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    trained = load_trained(model)
    known, name = trained.settings, trained.data_or_default(data)
    config = {each: getattr(known.config, each) for each in (*OF_THE_ROWS, "seed", "metric")}
    settings = replace(known, data=name, quick=None, teacher=trained.path)
    settings = replace(settings, config=RunConfig(**config))
    with output.folder(name) as folder:
        status = run_in(folder, settings, threads, output)
        _log_comparison(trained, folder)
    return status


def _log_comparison(trained: TrainedModel, folder: RunFolder) -> None:
    """Compare the sizes of the files, and the scores on the test rows."""
    models = {"the ensemble": trained.path, "the network": folder.model}
    for name, path in models.items():
        card = load_trained(path).predictor.card or ModelCard()
        scores = card.scores.get("held_out", {})
        first = [f"{metric_title(k)} {score_text(k, v)}" for k, v in scores.items() if k != "loss"]
        log(f"{name}: {path.stat().st_size / 1000:,.0f} kB; test rows: {', '.join(first)}")

"""``barenet report``: a page about a run."""

import contextlib
import re
import webbrowser
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet._extras import require
from barenet._metrics import main_metric
from barenet.cli._console import emit
from barenet.cli._evaluate import select_rows
from barenet.cli._flags import Data, Off, Out
from barenet.cli._output_file import check_overwritable, output_path
from barenet.cli._plot import read_curves
from barenet.cli._run_folder import REPORT
from barenet.cli._run_settings import FileOptions
from barenet.cli._trained_model import load_trained
from barenet.errors import ArgumentError, DataError
from barenet.tasks._measurement import Measurement
from barenet.tasks._report_page import Report

#: The start of a report, by which a file is recognized.
REPORT_MARK = re.compile(rb"\A<!doctype html>.*?<title>barenet report: ", re.DOTALL)


def report(
    run: Path,
    data: Data = "",
    /,
    *,
    out: Out = None,
    open_page: Annotated[Off, Parameter(name="--open")] = False,
    file: FileOptions = FileOptions(),
) -> None:
    """Write a page about a run for a browser or a printer, and print the name of its file.

    Its scores beside those of a linear model, its errors, calibration or residuals, the importance
    of the columns and the partial dependence on them, the rows that are predicted worst, the
    training and the gain by each part of an ensemble, columns and settings. The rows of the test
    set are used, if there is one. The page is a single file, which needs no network.

    Parameters
    ----------
    run : Path
        The folder of a run, or a model file.
    data : str
        The training data, if they have been moved.
    out : str
        The file, or a folder for it. By default report.html, beside the model. An earlier report
        is replaced, any other file is not.
    open_page : bool
        Open the page in the browser.
    """
    trained = load_trained(run, single_output=True)
    require("matplotlib.figure", extra="plot", purpose="a report")
    with output_path(out or str(trained.path.parent), REPORT) as path:
        check_overwritable(path, REPORT_MARK, "a report")
        selection = select_rows(trained, data, file)
        if not trained.settings.data or selection.training is None:
            problem = f"{selection.data} is not the training data of {trained.path}, or has changed"
            remedy = "name the training data after the run; `barenet evaluate` takes other rows"
            raise ArgumentError(f"{problem} since", argument="data", remedy=remedy)
        config, dataset = trained.settings.config, selection.dataset
        metric = main_metric(config.metric, dataset.y, dataset.classes).name
        rows, training = selection.rows, selection.training
        measured = Measurement(trained.predictor, rows, metric, training)
        history = None
        with contextlib.suppress(FileNotFoundError, DataError):
            history = read_curves(trained.path)
        Report(trained.predictor, measured, training, history).write(path)
    emit(str(path))
    if open_page:
        webbrowser.open(path.resolve().as_uri())

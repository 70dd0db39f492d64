"""The introduction of a run: its data and its network, printed before the training."""

from barenet.cli._columns import summarize_columns
from barenet.cli._console import log
from barenet.cli._experiment import Experiment
from barenet.cli._run_settings import is_table
from barenet.cli._scores import log_main_metric
from barenet.errors import count_of
from barenet.files._model_card import describe_rows
from barenet.training._callbacks import Callback, Run


class Introduction(Callback):
    """Prints the data and the network, once all settings are valid."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def on_start(self, run: Run) -> None:
        is_resumed = run.history.loss or run.batch
        epochs = count_of(len(run.history), "epoch")
        introduce(self.experiment, f"resuming after {epochs}\n\n" if is_resumed else "")


def introduce(experiment: Experiment, note: str = "") -> None:
    """Print the rows, the columns, a note, and the network."""
    training, preprocessing = experiment.training, experiment.predictor.preprocessing
    rows = describe_rows(experiment.n_rows) + ("" if experiment.test else ", no test rows")
    target = f"{len(training.classes)} classes" if training.classes else "a number to predict"
    features = count_of(training.n_features, "feature")
    if (n_inputs := preprocessing.n_outputs) != training.n_features:
        features += f" that become {n_inputs:,} numbers"
    log(f"{training.name}: {training.description}\n{rows}\n{features}, {target}\n")
    if is_table(experiment.settings.data):
        log(f"{summarize_columns(preprocessing, training.feature_names)}\n")
    log_main_metric(experiment.metric)
    log(f"{note}{experiment.predictor.network.summary()}\n")

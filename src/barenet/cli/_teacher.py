"""Runs with a teacher: the settings of its data are defaults, and its scores are compared."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from barenet import ModelCard, Predictor, RunConfig
from barenet._registry import spec_of
from barenet.cli._console import emit
from barenet.cli._score_tables import ScoreLine, emit_scores
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.datasets._split_column import SPLIT_ARGUMENTS
from barenet.errors import ArgumentError, ModelFileError
from barenet.model.losses import as_loss
from barenet.settings._task_settings import OF_THE_ROWS, DataOptions, TaskSettings
from barenet.storage._file_io import CSV_SUFFIXES, plain_name


def load_teacher(path: Path) -> TrainedModel:
    """Load the model whose predictions are learned, with the settings of its run."""
    try:
        return load_trained(path)
    except (FileNotFoundError, ModelFileError) as error:
        raise ArgumentError(str(error), argument="teacher") from error


def with_settings_of(teacher: TrainedModel, given: TaskSettings) -> TaskSettings:
    """Complete the settings of a student by those of its teacher: of the rows, seed and metric."""
    data = teacher.data_or_default(given.data, "name the rows")
    earlier = teacher.settings
    is_same_data = teacher.has_name_of_training(data)
    earlier_fields = earlier.set_fields()
    given_fields = given.set_fields()
    options: dict[str, Any] = {}
    for name in DataOptions.__dataclass_fields__:
        options[name] = given_fields.get(name, earlier_fields.get(name))
    if given.split_column is not None:  # in place of the teacher's
        options |= {name: given_fields.get(name) for name in SPLIT_ARGUMENTS}
    options["file"] = given.file
    if is_same_data or plain_name(data).endswith(CSV_SUFFIXES):
        options["file"] = given.file.over(earlier.file)
    shared = {*OF_THE_ROWS, "seed", "metric"}
    memory = given.memory
    test = given.test
    if is_same_data:
        memory = memory or earlier.memory
        test = test or earlier.test
    if test is not None:
        shared.remove("test_size")
    config = RunConfig(**{name: earlier_fields.get(name) for name in shared})
    return replace(
        given,
        data=data,
        memory=memory,
        test=test,
        config=given.config.over(config),
        **options,
    )


def check_same_rows(teacher: TrainedModel, settings: TaskSettings) -> None:
    """Refuse data that have changed since the teacher was trained on them."""
    if settings.is_stream:  # a stream is refused when the rows are prepared
        return
    rows = teacher.load(settings.data, settings.file)
    if teacher.is_training_data(settings.data, rows) is False:
        problem = f"{settings.data} has other rows than those that {teacher.path} was trained on"
        remedy = "`barenet train DATA --teacher MODEL` trains on these rows"
        raise ArgumentError(problem, argument="data", remedy=remedy)


def emit_comparison(teacher: TrainedModel, student: TrainedModel) -> None:
    """Print the scores and sizes of a teacher and its student, if they have the same test rows."""
    teacher_card = teacher.predictor.card or ModelCard()
    student_card = student.predictor.card or ModelCard()
    if teacher_card.data_fingerprint != student_card.data_fingerprint:
        return
    if _split_of(teacher) != _split_of(student):
        return
    have_same_loss = _loss_of(teacher.predictor) == _loss_of(student.predictor)
    lines = []
    for title, model, card in (
        ("teacher", teacher, teacher_card),
        ("network", student, student_card),
    ):
        scores = dict(card.scores.get("held_out", {}))
        if not have_same_loss:
            scores.pop("loss", None)
        if scores:
            size = model.path.stat().st_size / 1000
            lines.append(ScoreLine((title, f"{size:,.0f} kB"), scores))
    if lines:
        emit()
        emit_scores(("scores on the test rows", "size"), lines, "loss")


def _loss_of(predictor: Predictor) -> tuple[object, ...]:
    """Return the loss of a model's training, with the scaling of its targets."""
    card = predictor.card or ModelCard()
    loss_name: Any = card.settings.get("loss")
    loss = spec_of(as_loss(loss_name, predictor.network.output_activation))
    scaling = predictor.target_scaling
    if scaling is None:
        return loss, None
    return loss, scaling.offset.tolist(), scaling.factor.tolist()


def _split_of(model: TrainedModel) -> tuple[object, ...]:
    """Return the settings that determine the test rows."""
    settings = model.settings
    column = settings.split_column
    column_name = column.name if column is not None else None
    config = settings.config
    return config.test_size, config.split_seed, column_name, settings.test

"""A model as the service uses it: the schema of its records, their checks, and its predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Event
from typing import Any, NamedTuple, TypeAlias

from barenet.datasets._column_summary import unusual_values
from barenet.files._predictor import Predictor, interval_of
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._schema_file import schema_of
from barenet.insight.contributions._contributions import MODEL_FILE, Scale
from barenet.model._array_dataset import class_probabilities, predictions_of
from barenet.service._record_checks import RecordChecks
from barenet.service._record_reasons import RecordReasons
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import TableEncoding

#: Records, or their predictions.
Records: TypeAlias = list[dict[str, Any]]


class Predicted(NamedTuple):
    """The answers to records, and the numbers of their unusual values by column."""

    answers: Records
    n_missing: Mapping[str, int]
    n_unknown: Mapping[str, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class ServedModel:
    """A loaded model; a service may replace it, while earlier requests keep it."""

    predictor: Predictor
    #: Coverage of the prediction intervals, if the model has intervals.
    coverage: float
    #: The scale of the reasons for classes, the groups of columns that have one contribution, and
    #: where the rows that they compare with come from.
    scale: Scale = "probability"
    groups: Mapping[str, Sequence[str]] | None = None
    background_source: str = MODEL_FILE
    #: Checksum of the model file.
    sha256: str
    #: The path of the model file, and when it was written, in seconds since 1970.
    file: str = ""
    modified: float = 0.0

    def __post_init__(self) -> None:
        examples = self.schema["examples"]
        self.predict(examples)  # compile the kernels, and check the coverage
        if not self.reasons.problem:
            self.find_reasons(examples, 1, Event())

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, the same as in its exported file."""
        return schema_of(program_of(self.predictor))

    @cached_property
    def checks(self) -> RecordChecks:
        """The checks of records."""
        return RecordChecks(self.schema)

    @cached_property
    def reasons(self) -> RecordReasons:
        """The reasons of predictions."""
        return RecordReasons(self.predictor, self.scale, self.background_source, self.groups)

    @property
    def categories(self) -> list[str]:
        """The names of the columns of categories."""
        encoding = self.predictor.preprocessing
        if not isinstance(encoding, TableEncoding):
            return []
        return [column.name for column in encoding.used if isinstance(column, CategoryColumn)]

    def predict(self, records: Records) -> Predicted:
        """Return the prediction for each record, with the probabilities or the interval."""
        if not records:
            return Predicted([], {}, {})
        predictor = self.predictor
        rows = self._rows(records)
        outputs = predictor.outputs(rows)
        predictions = predictions_of(outputs, predictor.labels, predictor.threshold).tolist()
        answers: Records = [{"prediction": prediction} for prediction in predictions]
        if predictor.classes is not None:
            probabilities = class_probabilities(outputs).tolist()
            for answer, row in zip(answers, probabilities, strict=True):
                answer["probabilities"] = dict(zip(predictor.classes, row, strict=True))
        if predictor.residuals is not None:
            lows, highs = interval_of(predictor, rows, self.coverage)
            for answer, low, high in zip(answers, lows.tolist(), highs.tolist(), strict=True):
                answer["interval"] = [low, high]
        n_missing = {}
        n_unknown = {}
        for name, are_missing, are_unknown in unusual_values(predictor.preprocessing, rows):
            n_missing[name] = int(are_missing.sum())
            if are_unknown is not None:
                places = are_unknown.nonzero()[0].tolist()
                n_unknown[name] = len(places)
                for at in places:
                    answers[at].setdefault("unknown", []).append(name)
        return Predicted(answers, n_missing, n_unknown)

    def find_reasons(self, records: Records, count: int, is_cancelled: Event) -> Records:
        """Find the reasons of the predictions of records, until it is cancelled."""
        return self.reasons.find(self._rows(records), count, is_cancelled)

    def _rows(self, records: Records) -> Any:
        """Return the columns of the records, as a frame for a table."""
        rows: Any = {}
        for name in self.predictor.feature_names:
            rows[name] = [record[name] for record in records]
        if isinstance(self.predictor.preprocessing, TableEncoding):
            return self.predictor.preprocessing.frame_of(rows)
        return rows

"""The metrics of a service, which the client library of Prometheus counts and writes."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from barenet._version import __version__
from barenet.service._served_model import Predicted, ServedModel

#: Upper limits of the buckets of durations, in seconds: a small request takes about a millisecond,
#: and by default the longest 30 seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

#: Maximum number of columns that are counted separately, and the name of all others together.
MAX_COLUMNS = 100
OTHER_COLUMNS = "(other columns)"

#: The reasons for which a request is refused.
REASONS = (
    "invalid_json",
    "wrong_value",
    "unknown_field",
    "missing_field",
    "too_large",
    "too_many_records",
    "slow_body",
    "overload",
    "query",
    "timeout",
    "token",
    "host",
    "path",
    "method",
    "internal_error",
)

#: The results of loading another model.
RELOADS = ("replaced", "refused", "unchanged")


class ServiceMetrics:
    """The metrics of a service, which its event loop and its threads count."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "barenet_requests_total", "Answered requests.", ["path", "status"], registry=registry
        )
        self.seconds = Histogram(
            "barenet_request_seconds",
            "Seconds from the headers of a request to the end of its answer.",
            ["path"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.refused = Counter(
            "barenet_refused_requests_total",
            "Requests that were refused or failed.",
            ["reason"],
            registry=registry,
        )
        self.rows = Counter(
            "barenet_predicted_rows_total", "Rows that the model predicted.", registry=registry
        )
        self.unknown = Counter(
            "barenet_unknown_categories_total",
            "Categories in predicted rows that are new or were rare in the training.",
            ["column"],
            registry=registry,
        )
        self.missing = Counter(
            "barenet_missing_values_total",
            "Missing values in predicted rows.",
            ["column"],
            registry=registry,
        )
        self.reloads = Counter(
            "barenet_model_reloads_total",
            "Attempts to load another model.",
            ["result"],
            registry=registry,
        )
        self.model = Info("barenet_model", "The model in use.", registry=registry)
        self.modified = Gauge(
            "barenet_model_modified_timestamp_seconds",
            "When the model file was written.",
            registry=registry,
        )
        self.loaded = Gauge(
            "barenet_model_loaded_timestamp_seconds",
            "When the model was loaded.",
            registry=registry,
        )
        start = Gauge(
            "process_start_time_seconds",
            "When the service started, in seconds since 1970.",
            registry=registry,
        )
        start.set_to_current_time()
        #: The columns that are counted separately, of all models that were in use.
        self.columns: set[str] = set()
        # A rate is computed from a count that is there from the beginning, at 0.
        for reason in REASONS:
            self.refused.labels(reason)
        for result in RELOADS:
            self.reloads.labels(result)

    def use(self, model: ServedModel) -> None:
        """Describe the model in use, and start the counts of its columns."""
        labels = {
            "file": model.file.encode("utf-8", "replace").decode(),  # Linux allows any bytes
            "target": model.predictor.target_name,
            "dataset": model.predictor.dataset,
            "sha256": model.sha256,
            "barenet": __version__,
        }
        self.model.info(labels)
        self.modified.set(model.modified)
        self.loaded.set_to_current_time()
        for name in model.predictor.feature_names:
            if len(self.columns) < MAX_COLUMNS:
                self.columns.add(name)
            self.missing.labels(self._column_label(name))
        for name in model.categories:
            self.unknown.labels(self._column_label(name))

    def count_request(self, path: str, status: int, reason: str, seconds: float) -> None:
        """Count an answered request, and the reason if it was refused."""
        self.requests.labels(path, status).inc()
        self.seconds.labels(path).observe(seconds)
        if reason:
            self.refused.labels(reason).inc()

    def count_reload(self, result: str) -> None:
        """Count an attempt to load another model, by its result."""
        self.reloads.labels(result).inc()

    def count_rows(self, predicted: Predicted) -> None:
        """Count predicted rows and their unusual values."""
        self.rows.inc(len(predicted.answers))
        self._count_columns(self.missing, predicted.n_missing)
        self._count_columns(self.unknown, predicted.n_unknown)

    def _count_columns(self, counter: Counter, counts: Mapping[str, int]) -> None:
        """Count by column."""
        for name, count in counts.items():
            if count:  # a label takes microseconds
                counter.labels(self._column_label(name)).inc(count)

    def _column_label(self, name: str) -> str:
        """Return the name of a column, or that of all which are not counted separately."""
        return name if name in self.columns else OTHER_COLUMNS

    def render(self) -> bytes:
        """Write all metrics in the text format 0.0.4."""
        return generate_latest(self.registry)

"""The metrics of a service, in the text format 0.0.4 that Prometheus reads.

The format is a few lines for each metric, and the client library of Prometheus would be one more
dependency of every service, so the text is written here.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from time import time

from barenet._version import __version__
from barenet.files._model_io import format_version
from barenet.service._served_model import Predicted, ServedModel

#: The type of the content.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Upper limits of the buckets of durations, in seconds: a small request takes about a millisecond,
#: and by default the longest 30 seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: The limits as labels, with that of the last bucket.
LIMITS = (*[repr(seconds) for seconds in BUCKETS], "+Inf")

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

#: Values of labels, in the order of their names.
Labels = tuple[str, ...]


class Counter:
    """Counts by the values of some labels."""

    def __init__(self, name: str, description: str, *label_names: str) -> None:
        self.name = name
        self.description = description
        self.label_names = label_names
        self.counts: dict[Labels, int] = {}

    def add(self, *labels: str, count: int = 1) -> None:
        """Add to the count of these labels."""
        self.counts[labels] = self.counts.get(labels, 0) + count

    def lines(self) -> Iterator[str]:
        """Write the lines of the metric."""
        yield from heading(self.name, "counter", self.description)
        for labels, count in self.counts.items():
            yield sample(self.name, self.label_names, labels, count)


class Histogram:
    """Durations in seconds, counted in buckets, by the value of a label."""

    def __init__(self, name: str, description: str, label_name: str) -> None:
        self.name = name
        self.description = description
        self.label_name = label_name
        self.counts: dict[str, list[int]] = {}
        self.sums: dict[str, float] = {}

    def add(self, label: str, seconds: float) -> None:
        """Count a duration."""
        if label not in self.counts:
            self.counts[label] = [0 for _ in LIMITS]
            self.sums[label] = 0.0
        bucket = bisect_left(BUCKETS, seconds)  # a limit belongs to its bucket
        self.counts[label][bucket] += 1
        self.sums[label] += seconds

    def lines(self) -> Iterator[str]:
        """Write the lines of the metric; the buckets are cumulative."""
        yield from heading(self.name, "histogram", self.description)
        for label, counts in self.counts.items():
            total = 0
            for limit, count in zip(LIMITS, counts, strict=True):
                total += count
                names = (self.label_name, "le")
                yield sample(f"{self.name}_bucket", names, (label, limit), total)
            yield sample(f"{self.name}_sum", (self.label_name,), (label,), self.sums[label])
            yield sample(f"{self.name}_count", (self.label_name,), (label,), total)


class ServiceMetrics:
    """The metrics of a service, which its event loop and its threads count."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.start = time()
        self.requests = Counter("barenet_requests_total", "Answered requests.", "path", "status")
        self.seconds = Histogram(
            "barenet_request_seconds",
            "Seconds from the headers of a request to the end of its answer.",
            "path",
        )
        self.refused = Counter(
            "barenet_refused_requests_total", "Requests that were refused or failed.", "reason"
        )
        self.rows = Counter("barenet_predicted_rows_total", "Rows that the model predicted.")
        self.unknown = Counter(
            "barenet_unknown_categories_total",
            "Categories in predicted rows that are new or were rare in the training.",
            "column",
        )
        self.missing = Counter(
            "barenet_missing_values_total", "Missing values in predicted rows.", "column"
        )
        self.reloads = Counter(
            "barenet_model_reloads_total", "Attempts to load another model.", "result"
        )
        #: The lines of the model in use.
        self.model_lines: list[str] = []
        # A rate is computed from a count that is there from the beginning, at 0.
        for reason in REASONS:
            self.refused.add(reason, count=0)
        for result in RELOADS:
            self.reloads.add(result, count=0)
        self.rows.add(count=0)

    def use(self, model: ServedModel) -> None:
        """Describe the model in use, and start the counts of its columns."""
        labels = {
            "file": model.file,
            "target": model.predictor.target_name,
            "dataset": model.predictor.dataset,
            "format": str(format_version(model.predictor)),
            "sha256": model.sha256,
            "barenet": __version__,
        }
        lines = [*heading("barenet_model_info", "gauge", "The model in use.")]
        lines.append(sample("barenet_model_info", [*labels], [*labels.values()], 1))
        name = "barenet_model_modified_timestamp_seconds"
        lines += gauge(name, "When the model file was written.", model.modified)
        name = "barenet_model_loaded_timestamp_seconds"
        lines += gauge(name, "When the model was loaded.", time())
        with self.lock:
            self.model_lines = lines
            self._count_columns(self.missing, dict.fromkeys(model.predictor.feature_names, 0))
            self._count_columns(self.unknown, dict.fromkeys(model.categories, 0))

    def count_request(self, path: str, status: int, reason: str, seconds: float) -> None:
        """Count an answered request, and the reason if it was refused."""
        with self.lock:
            self.requests.add(path, str(status))
            self.seconds.add(path, seconds)
            if reason:
                self.refused.add(reason)

    def count_reload(self, result: str) -> None:
        """Count an attempt to load another model, by its result."""
        with self.lock:
            self.reloads.add(result)

    def count_rows(self, predicted: Predicted) -> None:
        """Count predicted rows and their unusual values."""
        with self.lock:
            self.rows.add(count=len(predicted.answers))
            self._count_columns(self.missing, predicted.n_missing)
            self._count_columns(self.unknown, predicted.n_unknown)

    def _count_columns(self, counter: Counter, counts: Mapping[str, int]) -> None:
        """Count by column, up to a number of columns, beyond which they are one."""
        for name, count in counts.items():
            is_counted = (name,) in counter.counts or len(counter.counts) < MAX_COLUMNS
            if is_counted:
                counter.add(name, count=count)
            else:
                counter.add(OTHER_COLUMNS, count=count)

    def render(self) -> str:
        """Write all metrics as text."""
        with self.lock:
            started = "When the service started, in seconds since 1970."
            lines = [*gauge("process_start_time_seconds", started, self.start)]
            lines += self.model_lines
            lines += self.reloads.lines()
            for counter in (self.requests, self.refused, self.rows, self.unknown, self.missing):
                lines += counter.lines()
            lines += self.seconds.lines()
        return "\n".join(lines) + "\n"


def heading(name: str, metric_type: str, description: str) -> Iterator[str]:
    """Write the two lines before the samples of a metric."""
    yield f"# HELP {name} {description}"
    yield f"# TYPE {name} {metric_type}"


def gauge(name: str, description: str, value: float) -> Iterator[str]:
    """Write a metric with a single value."""
    yield from heading(name, "gauge", description)
    yield sample(name, (), (), value)


def sample(name: str, label_names: Sequence[str], labels: Sequence[str], value: float) -> str:
    r"""Write a line with a value.

    >>> sample("rows_total", ["column"], ['a "b"\n'], 3)
    'rows_total{column="a \\"b\\"\\n"} 3'
    """
    pairs = []
    for label_name, label in zip(label_names, labels, strict=True):
        escaped = label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        pairs.append(f'{label_name}="{escaped}"')
    return f"{name}{{{','.join(pairs)}}} {value!r}" if pairs else f"{name} {value!r}"

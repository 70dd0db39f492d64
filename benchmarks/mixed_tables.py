"""Mixed tables: public tables with dates, many categories, codes and texts.

They are listed in mixed.toml. barenet gets a table as pandas reads it; for the other libraries,
dates and texts are prepared as their users prepare them. Those whose rows are events are split by
time, too: the latest fifth is the test set.
"""

from pathlib import Path
from typing import Any

from benchmarks.collection import CACHE, Collection, Entry, frequent
from benchmarks.mixed_models import MIXED_MODELS
from benchmarks.preparation import Preparation, moments, texts_of
from benchmarks.results import FOLDER
from benchmarks.table_data import Table, n_earlier, target_of

__all__ = ["MixedTables", "TimeTables"]

#: Of a larger table, a random sample of so many rows is measured, drawn with this seed.
MOST, SEED = 10_000, 0


class MixedTables(Collection):
    """Tables of several publishers, as mixed.toml lists them."""

    FILE = Path(__file__).with_name("mixed.toml")
    CACHE = CACHE / "mixed"
    RESULTS = FOLDER / "mixed"
    #: Whether the latest rows are the test set.
    IS_BY_TIME = False

    @property
    def models(self) -> list[str]:
        """The models that dates and texts are prepared for, and barenet's ensemble."""
        return list(MIXED_MODELS)

    def _read(self, name: str, entry: Entry, path: Path) -> Table:
        import pandas

        frame = pandas.read_csv(path, encoding=entry.encoding, low_memory=False)
        frame = frame[frame[entry.target].notna()]
        if len(frame) > MOST:
            frame = frame.sample(MOST, random_state=SEED)
        has_classes = entry.task == "classification"
        if has_classes:
            frame = frequent(frame, entry.target)
        frame = self._ordered(frame, entry)
        X = frame.drop(columns=[*entry.drop, entry.target]).reset_index(drop=True)
        y, n_classes = target_of(frame[entry.target], has_classes)
        preparation = Preparation(entry.dates, texts_of(X, entry.dates))
        return Table(name, X, y, n_classes, preparation, entry.options, self.IS_BY_TIME)

    def _ordered(self, frame: Any, entry: Entry) -> Any:
        """Return the rows as they are."""
        return frame

    def _address(self, name: str, entry: Entry) -> str:
        return entry.address


class TimeTables(MixedTables):
    """The mixed tables whose rows are events, in the order of time."""

    RESULTS = FOLDER / "time"
    IS_BY_TIME = True

    @property
    def names(self) -> list[str]:
        return [name for name in super().names if self._entries[name].time]

    def _ordered(self, frame: Any, entry: Entry) -> Any:
        """Sort the rows by time, without classes that the earlier ones lack."""
        times = moments(frame[entry.time], entry.dates[entry.time])
        frame = frame.loc[times.sort_values(kind="stable").index]
        if entry.task == "classification":
            earlier = frame[entry.target].iloc[: n_earlier(len(frame))]
            frame = frame[frame[entry.target].isin(earlier)]
        return frame

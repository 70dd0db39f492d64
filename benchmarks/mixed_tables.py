"""Mixed tables: public tables with dates, many categories, codes and texts.

They are listed in mixed.toml. barenet gets a table as pandas reads it; for the other libraries,
dates and texts are prepared as their users prepare them.
"""

from pathlib import Path

from benchmarks.collection import CACHE, Collection, Entry, frequent
from benchmarks.mixed_models import MIXED_MODELS
from benchmarks.preparation import Preparation, texts_of
from benchmarks.results import FOLDER
from benchmarks.table_data import Table, target_of

__all__ = ["MixedTables"]

#: Of a larger table, a random sample of so many rows is measured, drawn with this seed.
MOST, SEED = 10_000, 0


class MixedTables(Collection):
    """Tables of several publishers, as mixed.toml lists them."""

    FILE = Path(__file__).with_name("mixed.toml")
    CACHE = CACHE / "mixed"
    RESULTS = FOLDER / "mixed"

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
        X = frame.drop(columns=[*entry.drop, entry.target]).reset_index(drop=True)
        y, n_classes = target_of(frame[entry.target], has_classes)
        preparation = Preparation(entry.dates, texts_of(X, entry.dates))
        return Table(name, X, y, n_classes, preparation, entry.options, entry.converts_dates)

    def _address(self, name: str, entry: Entry) -> str:
        return entry.address

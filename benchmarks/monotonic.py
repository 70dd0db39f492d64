"""Scores with and without monotonic constraints, beside those of scikit-learn's boosting.

    BARENET_DATA=... .venv/bin/python -m benchmarks.monotonic

Each table is split five times into three quarters of training rows and a quarter of test rows. The
score is R² for numbers, and minus the log loss for classes: higher is better. The scores are added
to `results/monotonic.jsonl`, so that an interrupted comparison goes on where it ended, and a table
of them is printed.

The signs are those that somebody who knows the subject would set, from the names of the columns
alone. They were not chosen by the scores. The fraction of free units was chosen from two or three
values, on one split each of `insurance`, `concrete_eu` and the formula, the last two with a quarter
of the networks.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import train_test_split

from barenet import MLPEnsembleClassifier, MLPEnsembleRegressor

#: Where the scores are kept.
RESULTS = Path(__file__).parent / "results" / "monotonic.jsonl"

#: The number of splits of each table.
SPLITS = 5

#: The models: the name, and whether it has the constraints.
MODELS = (("barenet", False), ("barenet", True), ("boosting", False), ("boosting", True))


@dataclass(frozen=True)
class ConstrainedTable:
    """A table with the signs of its constraints.

    Attributes
    ----------
    name : str
        Name of the table, and of its file in the folder `tables` of BARENET_DATA.
    target : str
        The column to predict.
    signs : dict of str to int
        1 for a column with which the target increases, -1 where it decreases.
    of_classes : bool
        Whether the target is one of two classes.
    options : dict
        Arguments of ``pandas.read_csv``.
    """

    name: str
    target: str
    signs: dict[str, int]
    of_classes: bool
    options: dict[str, Any]

    def read(self) -> pd.DataFrame:
        """Read the rows."""
        if self.name == "formula":
            return formula_rows()
        folder = Path(os.environ["BARENET_DATA"]) / "tables"
        return pd.read_csv(folder / f"{self.name}.csv", **self.options)


def formula_rows() -> pd.DataFrame:
    """2,000 rows of a formula that increases with b, c and d, is free in the others, and noise."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.uniform(-1, 1, (2_000, 6)), columns=[*"abcdef"])
    interaction = np.exp(rows.a) * (1 + rows.b)
    concave = 2 * np.minimum(rows.c, rows.d)
    wave = np.sin(4 * rows.e) * (1 + rows.a)
    rows["y"] = interaction + concave + wave + rng.normal(0, 0.5, len(rows))
    return rows


TABLES = (
    ConstrainedTable(
        "concrete_eu",
        target="strength",
        signs={"cement": 1, "slag": 1, "water": -1, "age": 1},
        of_classes=False,
        options={"sep": ";", "decimal": ","},
    ),
    ConstrainedTable(
        "insurance",
        target="charges",
        signs={"age": 1, "bmi": 1, "children": 1},
        of_classes=False,
        options={},
    ),
    ConstrainedTable(
        "pima",
        target="diabetes",
        signs={"glucose": 1, "bmi": 1, "pregnant": 1, "pedigree": 1, "age": 1},
        of_classes=True,
        options={},
    ),
    ConstrainedTable(
        "formula",
        target="y",
        signs={"b": 1, "c": 1, "d": 1},
        of_classes=False,
        options={},
    ),
    ConstrainedTable(
        "german",  # the credit's duration, the rate as a share of the income, and the age
        target="risk",
        signs={"a2": 1, "a8": 1, "a13": -1},
        of_classes=True,
        options={},
    ),
    ConstrainedTable(
        "autos",
        target="price",
        signs={"hp": 1, "curb": 1, "width": 1, "city": -1},
        of_classes=False,
        options={"na_values": "?"},
    ),
)


def boosting(table: ConstrainedTable, split: int, *, is_constrained: bool) -> Any:
    """Make scikit-learn's boosting with its default settings."""
    signs = table.signs if is_constrained else None
    kind = HistGradientBoostingRegressor
    if table.of_classes:
        kind = HistGradientBoostingClassifier
    return kind(monotonic_cst=signs, categorical_features="from_dtype", random_state=split)


def ensemble(table: ConstrainedTable, split: int, *, is_constrained: bool) -> Any:
    """Make barenet's ensemble with its default settings."""
    signs = table.signs if is_constrained else None
    kind = MLPEnsembleRegressor
    if table.of_classes:
        kind = MLPEnsembleClassifier
    return kind(monotonic=signs, random_state=split)


def score(table: ConstrainedTable, name: str, split: int, *, is_constrained: bool) -> float:
    """Fit a model on the training rows of a split, and measure it on its test rows."""
    rows = table.read()
    y = rows.pop(table.target)
    make = ensemble
    if name == "boosting":
        make = boosting
        for column in rows.select_dtypes(exclude="number"):
            rows[column] = rows[column].astype("category")
    X_train, X_test, y_train, y_test = train_test_split(rows, y, random_state=split)
    model = make(table, split, is_constrained=is_constrained).fit(X_train, y_train)
    if table.of_classes:
        return -float(log_loss(y_test, model.predict_proba(X_test)))
    return float(r2_score(y_test, model.predict(X_test)))


def measure() -> None:
    """Measure what has no score yet, and add each score to the file."""
    for table in TABLES:
        for split in range(SPLITS):
            for name, is_constrained in MODELS:
                key = {
                    "table": table.name,
                    "split": split,
                    "model": name,
                    "constrained": is_constrained,
                }
                if any(key.items() <= result.items() for result in read_results()):
                    continue
                value = score(table, name, split, is_constrained=is_constrained)
                with RESULTS.open("a") as file:
                    file.write(json.dumps({**key, "score": round(value, 5)}) + "\n")


def read_results() -> list[dict[str, Any]]:
    """Read the scores that have been measured."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def mean_and_margin(values: np.ndarray) -> str:
    """Write a mean over splits with the half-width of its 95 % interval, by Student's t."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    margin = student.ppf(0.975, len(values) - 1) * error
    return f"{values.mean():.3f} ± {margin:.3f}"


def report() -> Iterator[str]:
    """Yield the lines of the table: means over the splits, and the paired differences."""
    results = pd.DataFrame(read_results())
    yield "| table | barenet | constrained | difference | boosting | constrained | difference |"
    yield "|---|---|---|---|---|---|---|"
    for table in TABLES:
        cells = [table.name]
        for name in ("barenet", "boosting"):
            of_model = results[(results.table == table.name) & (results.model == name)]
            by_split = of_model.pivot(index="split", columns="constrained", values="score")
            by_split = by_split.dropna()
            free = by_split[False].to_numpy()
            constrained = by_split[True].to_numpy()
            cells.append(f"{free.mean():.3f}")
            cells.append(f"{constrained.mean():.3f}")
            cells.append(mean_and_margin(constrained - free))
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    measure()
    print("\n".join(report()))

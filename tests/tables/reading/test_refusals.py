"""What the functions for data in memory refuse: each wrong argument, and the start of its error."""

import datetime
from functools import partial
from typing import get_args

import numpy as np
import pandas as pd
import polars
import pytest
import scipy.sparse

from barenet import METRICS, RunConfig, Scaling, TableEncoding, load_dataset
from barenet._metrics import Name, main_metric
from barenet.datasets._class_weights import class_weights
from barenet.errors import ArgumentError
from barenet.settings._run_defaults import resolve_config
from barenet.storage._file_io import memory_limit
from barenet.tables.encoding._column import DroppedColumn
from barenet.tables.encoding._column_kinds import NumberColumn
from barenet.tables.encoding._encoding import column_from_dict
from barenet.tables.frames._fingerprint import fingerprint
from barenet.tables.frames._to_column import as_column
from barenet.tables.frames._to_frame import as_frame
from barenet.typing import Frame

fit = partial(TableEncoding.fit, {"x": [1, 2], "z": [3, 4]})
ENCODINGS = [
    ({"numbers": "standardise"}, "numbers: unknown 'standardise', did you mean 'standardize'"),
    ({"numbers": None}, "numbers: expected one of"),
    ({"rare": -1}, "rare: "),
    ({"rare": 1.5}, r"rare: expected a fraction below 1 or a whole number of rows, got 1\.5"),
    ({"rare": "few"}, "rare: "),
    ({"rare": {"other": 0}}, "rare: unknown 'other'"),
    ({"drop": ["y"]}, "drop: unknown 'y'.*choose from x, z"),
    ({"drop": "x"}, "drop: expected a list of texts, got 'x'"),
    ({"categories": [1]}, "categories: expected a list of texts"),
    ({"categories": ["x"], "drop": ["x"]}, "drop: 'x' is in categories, too"),
    ({"missing": "?"}, "missing: expected a list of texts"),
]

NUMBER = NumberColumn("x", 0.0, 0.0, 1.0, False).to_dict()
COLUMNS = [
    *([], {}, [{"kind": "eval", "name": "x"}], [{"kind": "number", "name": "x"}]),
    *([{"kind": ["number"]}], [DroppedColumn("x", "y").to_dict()], [NUMBER, NUMBER]),
]
ENCODING_DATA = [
    *(None, {"columns": []}, {"columns": [], "missing": [], "more": 1}),
    *({"columns": columns, "missing": []} for columns in COLUMNS),
    {"columns": [NUMBER], "missing": [1]},
]
COLUMN_DATA = [None, [], {}, {"kind": "cat"}, {"kind": "number", "more": 1}]

TABLES = [
    ([1, 2], r"X: expected shape \(n_rows, n_columns\), got \(2,\)"),
    ([[1, 2], [3]], r"X: (expected rows of one length|.*got \(2,\))"),
    (np.ones((0, 2)), "X: the table is empty"),
    ({}, "X: the table is empty"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "X: column 'a' occurs 2 times"),
    ({1: [1], "1": [2]}, "X: column '1' occurs 2 times"),
    ({"a": [1], "b": [1, 2]}, "columns: expected columns of one length"),
    (polars.LazyFrame({"a": [1]}), r"X: expected rows in memory.*; pass X\.collect\(\)$"),
    ("new.csv", r"^X: expected rows, got 'new\.csv'; read the file first, such as by pandas"),
    ({"a": 1}, r"X: column 'a': expected one value .* one record; put one record into a list: \["),
    (scipy.sparse.eye(2).tocsr(), r"X: sparse matrices are not supported; use X\.toarray"),
]

FRAME = as_frame({"x": [1], "town": ["Rome"]})

VALUES = [
    (np.array([[1], None], object), "values of type list cannot be encoded"),
    ([[1, 2], [3]], "expected one value in each row, as in .* for one record"),
    ([{"a": 1}], "values of type dict cannot be encoded"),
    ([1j], "values of type complex128 cannot be encoded"),
    ([1j, None], "values of type complex cannot be encoded"),
    (np.array([1], "m8[s]"), r"values of type timedelta64\[s\] cannot be encoded"),
    (np.array([b"a"]), r"values of type \|S1 cannot be encoded"),
    ([datetime.date(2026, 1, 1), "later"], "dates and texts in one column"),
    (np.ones((2, 2)), "expected one value in each row, as in .* for one record"),
]

MATRICES = [
    *(None, [1, 2], [["a", "b"]], [[1, 2], [3]], [[1j, 2]], [[10**400, 1]]),
    *(scipy.sparse.csr_matrix(np.eye(2)), np.ma.masked_array(np.eye(2), np.eye(2) > 0)),
    np.zeros((2, 0)),
]
SCALINGS = [
    ("standardise", np.zeros(2), np.ones(2)),
    ("none", np.array([0, np.inf]), np.ones(2)),
    ("none", np.zeros(2), np.array([1.0, 0.0])),
    ("none", np.zeros(2), np.ones(3)),
    ("none", np.zeros((2, 1)), np.ones(2)),
    ("none", [0.0], [1.0]),
]
X = np.arange(6.0).reshape(3, 2)
FITTED = Scaling.fit("standardize", X)
FAR, NEAR = [[1, -1e308], [2, 1e308]], [[1, 0], [2, 5e-324]]
BEYOND = [("standardize", FAR), ("minmax", FAR), ("minmax", NEAR)]

MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
CONVERT = r"expected numbers or text, got object; convert it, such as by \.astype\(str\)$"
HOLES = [np.array(["a", hole], np.dtypes.StringDType(na_object=hole)) for hole in (None, np.nan)]
ROWS = [
    (np.array([[object()]]), [0], f"X: {CONVERT}"),
    ([[1.0]], np.array(["a"], object), f"y: {CONVERT}"),
    ([[1.0]], 7, "y: expected an array, got 7$"),
    (MASKED, [0, 1], "X: has masked entries"),
    ([1.0, 2.0], MASKED, "y: has masked entries"),
    *((rows, [0, 1], f"X: .*got {hole}") for rows, hole in zip(HOLES, (None, np.nan), strict=True)),
]

WEIGHTS = [
    (["rose=1"], "unknown 'rose' "),
    (["setosa"], "expected balanced, or classes with weights such as virginica=5, got 'setosa'"),
    (["setosa=x"], "expected balanced, or classes with weights"),
    (["balanced", "setosa=1"], "expected balanced, or classes with weights"),
    (["setosa=-1"], "setosa: expected a number of 0 or more"),
    (["setosa=0", "versicolor=0", "virginica=0"], "expected a weight above 0"),
]

SETTINGS = [
    ("iris", {"layers": (3, 3)}, "layers: start with 3, but iris has 4 features"),
    ("iris", {"layers": (4, 2)}, "layers: end with 2, but iris has 3 classes; expected 3"),
    ("iris", {"layers": (4,)}, "layers: expected the sizes from the input to the output"),
    ("iris", {"output": "relu"}, "output: expected softmax or sigmoid for classes"),
    ("iris", {"output": "sotfmax"}, "output: unknown 'sotfmax', did you mean 'softmax'"),
    ("iris", {"loss": "poison"}, "loss: unknown 'poison', did you mean 'poisson'"),
    ("xor", {"output": "softmax"}, "output: a softmax of a single output is always 1"),
]
DATASETS = [
    ("moon", {}, r"data: unknown 'moon', did you mean 'moons'\?"),
    ("x.xlsx", {}, r"data: 'x\.xlsx' is a file of an unknown kind \(kn"),
    (
        "x.XLSX",
        {},
        r"data: .*; save the sheet as CSV, or pass pandas\.read_excel\('x.XLSX'\) to Task\.open$",
    ),
    *((wrong, {}, f"data: expected a name or a path, got {wrong}") for wrong in (7, None)),
    ("iris", {"noise": 0.1}, r"noise: not an option of iris \(its options: none\)"),
    ("moons", {"target": "y"}, r"target: not an option of moons \(its options: sam"),
    ("digits", {"samples": 5, "data_seed": 0}, "samples, data_seed: not an option of digits"),
    ("mnist", {"samples": 5}, r"samples: not an option of mnist \(its options: data_dir\)"),
    ("moons:sample=5", {}, r"data: unknown option 'sample', did you mean 'samples'\? \(opt"),
    ("moons:samples=0", {}, "samples: expected a whole number from 2 to"),
    ("iris:noise=1", {}, r"data: unknown option 'noise' \(options: none\)"),
    ("x.csv", {"noise": 0}, r"noise: not an option of x\.csv \(its options: target, task"),
    ("x.npz", {"target": "y"}, r"target: not an option of x\.npz \(its options: task\)"),
    *(
        ("moons", {name: wrong}, f"{name}: expected")
        for name, values in {
            "samples": ("50", True, 1, 10**7 + 1),
            "noise": ("much", -0.1, np.inf),
            "data_seed": (1.5, -1),
        }.items()
        for wrong in values
    ),
    ("t.csv", {"target": 7}, "target: expected"),
    ("t.csv", {"target": "y", "task": "x"}, "task: expected classification or regression"),
    ("mnist", {"data_dir": 7}, "data_dir: expected"),
]
IRIS, RARE = load_dataset("iris"), np.array([0, 0, 0, 1])


def resolve(name, given):
    return resolve_config(RunConfig(**given), load_dataset(name))


REFUSED = [
    *((partial(fit, **options), message) for options, message in ENCODINGS),
    *((partial(TableEncoding.from_dict, plain), r"\w") for plain in ENCODING_DATA),
    *((partial(column_from_dict, plain), "(column|kind): ") for plain in COLUMN_DATA),
    *((partial(as_frame, table), message) for table, message in TABLES),
    (partial(TableEncoding.fit, {"x": [1]}), "X: 1 sample, at least 2 are needed"),
    (partial(FRAME.select, ["x", "y", "z"]), "X: no column y, z; the columns are x, town$"),
    (partial(Frame, {}), "columns: expected columns of one length"),
    *((partial(as_column, each, "c"), f"X: column 'c': {why}; convert") for each, why in VALUES),
    *((partial(Scaling, *parts), "scaling: ") for parts in SCALINGS),
    (partial(Scaling.fit, "standardise", X), "scaling: unknown 'standardise', did you mean"),
    *((partial(Scaling.fit, "standardize", each), "X: ") for each in MATRICES),
    *((partial(FITTED.transform, each), "X: ") for each in (None, np.zeros((1, 3)))),
    (partial(Scaling.fit, "standardize", np.zeros((0, 2))), "X: is empty"),
    *(
        (partial(Scaling.fit, kind, rows), f"scaling: {kind} is beyond .* 1")
        for kind, rows in BEYOND
    ),
    (partial(Scaling.fit, "robust", X, [1, 1, 2]), "sample_weight: "),
    (partial(Scaling.fit, "standardize", X, [1, -1, 2]), "sample_weight: "),
    *((partial(fingerprint, rows, y), message) for rows, y, message in ROWS),
    *((partial(class_weights, spec, IRIS), f"class_weight: {why}") for spec, why in WEIGHTS),
    *((partial(resolve, name, given), message) for name, given, message in SETTINGS),
    *((partial(load_dataset, name, **options), message) for name, options, message in DATASETS),
    (partial(main_metric, "rmse", RARE, ("a", "b")), ".*rmse is not a metric of classes; expected"),
    (partial(main_metric, "auc", np.ones(3), None), ".*auc is not a metric of numbers; expected"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_a_wrong_argument_is_named(call, message):
    with pytest.raises(ArgumentError, match=f"^{message}"):
        call()


def test_the_names_of_metrics_are_those_that_are_checked():
    assert get_args(Name) == (*METRICS,)


@pytest.mark.parametrize("text", ["much", "-1", "8 apples", "GB"])
def test_an_invalid_limit_of_memory_is_refused(monkeypatch, text, refused):
    monkeypatch.setenv("BARENET_MEMORY", text)
    with refused("BARENET_MEMORY"):
        memory_limit()

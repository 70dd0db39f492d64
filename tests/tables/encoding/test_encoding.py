"""Encodings of real tables, compared with scikit-learn's transformers, and rules by hand."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from hypothesis import given, strategies as st
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from barenet import Scaling, TableEncoding, Task
from barenet.datasets._column_summary import column_values, summarize
from barenet.datasets._table_loading import load_table
from barenet.errors import DataError
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.frames._to_frame import as_frame

#: Most of the tickets and boats are numbers.
pytestmark = pytest.mark.filterwarnings("ignore:column '(ticket|boat)' is read as names")

SCALERS = {
    "standardize": StandardScaler(),
    "robust": RobustScaler(),
    "minmax": MinMaxScaler(),
    "none": "passthrough",
}
#: Columns of the Titanic's passengers: numbers, categories, dropped ones and texts.
KINDS_OF_TITANIC = (
    "pclass age sibsp parch fare body",
    "sex cabin embarked boat home.dest",
    "ticket",
    "name",
)


@pytest.fixture
def table(titanic):
    """A real table in two forms, and the kinds of its columns."""
    ours = load_table(titanic, "survived").X
    theirs = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    return ours, theirs.drop(columns="survived"), *map(str.split, KINDS_OF_TITANIC)


def outputs(encoding, X, names):
    """The outputs of some columns."""
    owners = [column.name for column in encoding.columns for _ in column.inputs]
    return encoding.transform(X)[:, np.isin(owners, names)]


@pytest.mark.parametrize("how", SCALERS)
def test_numeric_encoding_agrees_with_scikit_learn(table, how):
    ours, theirs, names, *_ = table
    encoding = TableEncoding.fit(ours, numbers=how)
    pipeline = make_pipeline(SimpleImputer(strategy="median"), SCALERS[how])
    scaled = pipeline.fit_transform(theirs[names])
    holes = MissingIndicator().fit(theirs[names])
    flags = dict(zip(holes.features_, holes.transform(theirs[names]).T, strict=True))
    expected = []
    for at in range(len(names)):
        expected += [scaled[:, at], *([flags[at]] if at in flags else [])]
    found = outputs(encoding, ours, names)
    np.testing.assert_allclose(found, np.column_stack(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rare", [0.1, 30])
def test_categorical_encoding_agrees_with_scikit_learn(table, rare):
    ours, theirs, _, names, *_ = table
    encoding = TableEncoding.fit(ours, rare=rare, categories=names)
    for name in names:
        column = theirs[[name]]
        holes = column[name].isna().to_numpy()
        encoder = OneHotEncoder(
            min_frequency=rare or None, handle_unknown="infrequent_if_exist", sparse_output=False
        ).fit(column[~holes])
        expected = encoder.transform(column.fillna("missing"))
        expected[holes] = 0
        expected = np.column_stack([expected, holes] if holes.any() else [expected])
        np.testing.assert_array_equal(outputs(encoding, ours, [name]), expected)
        (record,) = (each for each in encoding.columns if each.name == name)
        found = [out.removeprefix(f"{name}_") for out in encoder.get_feature_names_out()]
        known = [out.replace("infrequent_sklearn", "rare") for out in found]
        known += ["missing"] if holes.any() else []
        assert [out.removeprefix(name)[1:] for out in record.inputs] == known


@pytest.mark.parametrize("bins", [2, 24])
def test_pieces_agree_with_linear_splines_of_scikit_learn(bins):
    """A piece is the sum of the hats of all edges after it."""
    x = np.random.default_rng(bins).gamma(2.0, size=(500, 1))
    spline = SplineTransformer(bins + 1, degree=1, knots="quantile").fit(x[:400])
    inside = x[(x >= x[:400].min()) & (x <= x[:400].max())][:, np.newaxis]
    hats = spline.transform(inside)[:, ::-1]
    encoding = TableEncoding.fit(x[:400], numbers="piecewise", bins=bins)
    scaled, *pieces = encoding.transform(inside).T
    np.testing.assert_allclose(np.transpose(pieces), hats.cumsum(axis=1)[:, -2::-1], atol=1e-12)
    np.testing.assert_allclose(scaled, StandardScaler().fit(x[:400]).transform(inside)[:, 0])


def test_the_edges_of_pieces_are_frequent_values_and_quantiles():
    rare = np.random.default_rng(1).normal(size=60)
    frequent = np.repeat([0.0, 7.0], [30, 10])  # of 100 rows, each more than 1/12
    missing = np.full(5, np.nan)
    encoding = TableEncoding.fit(
        {"x": np.r_[frequent, rare, missing], "two": np.arange(105) % 2 + 3}, numbers="piecewise",
        bins=12,
    )  # fmt: skip
    x, two = encoding.columns
    assert x.edges == pytest.approx(np.unique(np.r_[0, 7, np.quantile(rare, np.arange(11) / 10)]))
    assert (x.indicator, two.edges) == (True, (3.0, 4.0))


def test_many_columns_have_fewer_pieces():
    X = np.random.default_rng(0).normal(size=(40, 80))
    counts = {len(c.edges) - 1 for c in TableEncoding.fit(X, numbers="piecewise").columns}
    assert counts == {(640 - 80) // 80}
    wide = np.random.default_rng(0).normal(size=(40, 321))
    assert {c.kind for c in TableEncoding.fit(wide, numbers="piecewise").columns} == {"number"}
    fewest = TableEncoding.fit(wide[:, :320], numbers="piecewise").columns
    assert [c.edges for c in fewest] == [(min(x), max(x)) for x in wide[:, :320].T]
    few = TableEncoding.fit(X, numbers="piecewise", bins=3).columns
    assert {len(c.edges) - 1 for c in few} == {3}


def test_columns_come_by_name_or_in_order_with_or_without_identifiers(table):
    ours, theirs, numbers, categories, dropped, words = table
    encoding, fewer = TableEncoding.fit(ours), theirs.drop(columns=dropped)
    kinds = {"number": numbers, "category": categories, "dropped": dropped, "words": words}
    expected = {name: kind for kind, names in kinds.items() for name in names}
    assert {column.name: column.kind for column in encoding.columns} == expected
    later = fewer.assign(note="x")[sorted([*fewer, "note"], reverse=True)]
    for rows in (theirs, later, theirs.to_numpy(object), fewer.to_numpy(object)):
        np.testing.assert_array_equal(encoding.transform(rows), encoding.transform(ours))
    with pytest.raises(ValueError, match=r"^X: no column sex; the columns are"):
        encoding.transform(later.drop(columns="sex"))
    with pytest.raises(ValueError, match=r"^X: has 1 columns, expected"):
        encoding.transform(np.ones((2, 1)))


def test_fitting_and_encoding_leave_the_table_unchanged(table):
    _, theirs, *_ = table
    before = theirs.copy(deep=True)
    TableEncoding.fit(theirs).transform(theirs)
    pd.testing.assert_frame_equal(theirs, before)
    X = np.array([[1.0, np.nan], [2.0, 3.0]])
    X.setflags(write=False)
    TableEncoding.fit(X).transform(X)


@pytest.mark.case(11)
def test_a_number_that_is_infinite_when_scaled_is_refused():
    encoding = TableEncoding.fit({"x": [1e-9, 2e-9]})
    with pytest.raises(DataError, match=r"^X: row 1: column 'x': expected a number nearer to"):
        encoding.transform({"x": [1, -1e305]})


def test_uninformative_columns_are_dropped_with_a_reason():
    table = {
        "x": np.arange(30.0),
        "same": ["a"] * 30,
        "one": [1.0] * 30,
        "true": [True] * 30,
        "none": [None] * 30,
        "day": ["2026-01-01"] * 30,
        "name": [f"row {row}" for row in range(30)],
        "found": ["a", "b"] * 15,
    }
    encoding = TableEncoding.fit(table, drop=["found"])
    assert {column.name: column.formula for column in encoding.columns if not column.inputs} == {
        "same": "'a' in every row",
        "one": "1 in every row",
        "true": "True in every row",
        "day": "'2026-01-01T00:00:00.000000' in every row",
        "none": "no value in any row",
        "name": "looks like an identifier: 30 values in 30 rows",
        "found": "dropped by request",
    }
    assert encoding.feature_names == encoding.input_names == ("x",)
    with pytest.raises(DataError, match=r"^X: no column is left to learn from: same: 'a' in every"):
        TableEncoding.fit({"same": ["a", "a"]})
    with pytest.raises(DataError, match="without x, z; drop fewer columns") as caught:
        TableEncoding.fit({"x": [1, 2], "z": [3, 4]}, drop=["z", "x"])
    assert caught.value.argument == "drop"


SHUFFLED = np.random.default_rng(0).permutation(1000)
ROW_NUMBERS = {
    "from 0": np.arange(1000),
    "from 1, falling": np.arange(1000)[::-1] + 1,
    "shuffled": SHUFFLED,
    "some rows left out": np.delete(np.arange(1000), np.s_[::11]),
    "training rows of a random split": SHUFFLED[:750] + 1,
    "20 rows": np.arange(20),
}
OTHER_NUMBERS = {
    "years": np.arange(1990, 2021),
    "heights in m": 1.6 + 0.05 * np.arange(10),
    "heights in cm": np.arange(160, 190),
    "ages in a small file": np.arange(1, 20),
    "ages": np.random.default_rng(0).integers(1, 90, 60),
    "below 0": np.arange(-10, 30),
    "spaced evenly": 2 * np.arange(500),
    "days without weekends": [day for day in range(700) if day % 7 < 5],
    "a number missing": [*range(30), None],
    "amounts that all differ": 7 * SHUFFLED[:30] + 1,
}


def encoding_of(numbers, **options):
    table = {"rownames": numbers, "x": np.arange(len(numbers)) % 4}
    return TableEncoding.fit(table, **options)


@pytest.mark.case(210)
@pytest.mark.parametrize("kind", ROW_NUMBERS)
def test_numbers_of_the_rows_are_left_out(kind):
    encoding = encoding_of(ROW_NUMBERS[kind])
    assert encoding.columns[0].formula == "numbers the rows"
    kept = encoding_of(ROW_NUMBERS[kind], keep_column=["rownames"])
    assert kept.feature_names == ("rownames", "x")


@pytest.mark.case(210)
@pytest.mark.parametrize("kind", OTHER_NUMBERS)
def test_other_numbers_are_kept(kind):
    assert encoding_of(OTHER_NUMBERS[kind]).feature_names == ("rownames", "x")


@pytest.mark.case(210)
def test_numbers_of_the_rows_are_compared_with_those_of_the_file():
    rows = np.sort(SHUFFLED[:400])
    numbers = {"n": np.arange(1000.0), "size": np.arange(1000.0) * 100}
    training = as_frame({**numbers, "x": np.arange(1000) % 4})[rows]
    assert TableEncoding.fit(training).feature_names == ("size", "x")
    few = training[np.arange(0, 400, 20)]  # 20 of 1,000 rows may differ by chance
    assert TableEncoding.fit(few).feature_names == ("n", "size", "x")


CODES = np.random.default_rng(0).integers(1, 9, 60)
CODES_AS_TEXT = [str(code) for code in CODES]
DECLARED = {
    "pandas": lambda: pd.DataFrame({"code": pd.Categorical(CODES)}),
    "pandas, missing": lambda: pd.DataFrame({"code": pd.Categorical([None, *CODES])}),
    "pandas, texts": lambda: pd.DataFrame({"code": pd.Categorical(CODES_AS_TEXT)}),
    "pandas, Arrow": lambda: pd.DataFrame({
        "code": pd.Series(
            pyarrow.array(CODES).dictionary_encode(),
            dtype=pd.ArrowDtype(pyarrow.dictionary(pyarrow.int32(), pyarrow.int64())),
        )
    }),
    "arrow": lambda: pyarrow.table({"code": pyarrow.array(CODES).dictionary_encode()}),
    "polars, categorical": lambda: polars.DataFrame(
        {"code": polars.Series(CODES_AS_TEXT, dtype=polars.Categorical)}
    ),
    "polars, enumeration": lambda: polars.DataFrame(
        {"code": polars.Series(CODES_AS_TEXT, dtype=polars.Enum([str(n) for n in range(10)]))}
    ),
}  # fmt: skip


@pytest.mark.case(214)
@pytest.mark.parametrize("kind", DECLARED)
def test_whole_numbers_that_are_declared_as_categories_are_names(kind):
    rows = DECLARED[kind]()
    for X in (
        rows,
        as_frame(rows)[np.arange(50)],
        Task.open(rows, target=np.arange(len(rows)) / 7).training.X,
    ):
        encoding = TableEncoding.fit(X, rare=0)
        names = tuple(name for name in encoding.input_names if name != "code missing")
        assert names == tuple(f"code={code}" for code in range(1, 9))
        expected = encoding.transform({"code": ["3"]})
        for value in (3, 3.0, np.int8(3), np.float32(3)):
            np.testing.assert_array_equal(encoding.transform({"code": [value]}), expected)
    assert TableEncoding.fit(rows, numeric=["code"]).columns[0].kind == "number"


@pytest.mark.case(214)
def test_parquet_files_of_pandas_declare_categories(tmp_path):
    path = tmp_path / "t.parquet"
    table = pd.DataFrame({"code": pd.Categorical(CODES), "n": CODES, "y": np.arange(60) / 7})
    table.to_parquet(path)
    data = load_table(path, "y")
    kinds = {column.name: column.kind for column in TableEncoding.fit(data.X).columns}
    assert kinds == {"code": "category", "n": "number"}
    keys = load_table(path, "y", split_by_group="code").split_keys
    assert keys.tolist() == CODES_AS_TEXT


@pytest.mark.case(214)
def test_other_categories_have_the_kind_of_their_values():
    table = {
        "size": pd.Categorical([0.5, 1.5, 1.5]),
        "day": pd.Categorical(["2024-01-01"] * 2 + ["2024-02-01"]),
    }
    kinds = [column.kind for column in TableEncoding.fit(pd.DataFrame(table)).columns]
    assert kinds == ["number", "date"]


def test_the_kind_of_a_column_can_be_set():
    table = {"zip": ["01067", "10115", "01067", "80331"], "level": [1, 2, 2, 3]}
    guessed = TableEncoding.fit(table)
    assert [column.kind for column in guessed.columns] == ["category", "number"]
    chosen = TableEncoding.fit(table, numeric=["zip"], categories=["level"], numbers="none")
    assert chosen.input_names == ("zip", "level=1", "level=2", "level=3")
    assert chosen.transform(table)[0].tolist() == [1067, 1, 0, 0]


def test_the_names_that_called_the_inputs_of_a_network_outputs_warn():
    encoding = TableEncoding.fit({"x": [3.0, 1.0]})
    with pytest.warns(FutureWarning, match="TableEncoding.output_names .* use input_names"):
        assert encoding.output_names == encoding.input_names == ("x",)
    with pytest.warns(FutureWarning, match="TableEncoding.n_outputs .* use n_inputs"):
        assert encoding.n_outputs == encoding.n_inputs == 1
    scaling = Scaling.fit("standardize", [[3.0, 1.0], [1.0, 2.0]])
    with pytest.warns(FutureWarning, match="Scaling.n_outputs .* use n_inputs"):
        assert scaling.n_outputs == scaling.n_inputs == 2


def test_input_names_are_unique():
    table = {"a": [1, None, 3], "a missing": [4, 5, 6], "b=x": [1, 2, 3], "b": ["x", "y", "x"]}
    names = TableEncoding.fit(table).input_names
    assert names == ("a", "a missing", "a missing #2", "b=x", "b=x #2", "b=y")


def test_the_encoding_has_a_description(titanic):
    encoding = TableEncoding.fit(load_table(titanic, "survived").X)
    lines = encoding.describe().splitlines()
    assert len(lines) == 14 and lines[0].split() == ["column", "kind", "numbers", "how"]
    assert lines[4].split(maxsplit=3)[:3] == ["age", "number", "2"]
    assert lines[4].endswith("(x - 29.5032) / 12.9003, where missing x = 28")


values = st.one_of(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.none()), min_size=8, max_size=8),
    st.lists(st.sampled_from(["a", "b", "1", "", "NA", "yes"]), min_size=8, max_size=8),
    st.lists(st.one_of(st.booleans(), st.none()), min_size=8, max_size=8),
    st.lists(st.one_of(st.datetimes(), st.none()), min_size=8, max_size=8),
)


@given(columns=st.lists(values, min_size=1, max_size=4), order=st.permutations(range(8)))
def test_any_table_is_encoded_row_by_row_or_refused(columns, order):
    """The encoding of a row depends on no other row, once it is fitted."""
    table = {f"c{number}": column for number, column in enumerate(columns)}
    frame = as_frame(table)
    try:
        encoding = TableEncoding.fit(frame)
    except DataError:
        return
    encoded = encoding.transform(frame)
    assert encoded.shape == (8, encoding.n_inputs) and np.isfinite(encoded).all()
    np.testing.assert_array_equal(encoding.transform(frame.take(order)), encoded[list(order)])
    plain = json.loads(json.dumps(encoding.to_dict(), allow_nan=False))
    for again in (TableEncoding.from_dict(plain), pickle.loads(pickle.dumps(encoding))):
        assert again.columns == encoding.columns and again.missing == encoding.missing
        np.testing.assert_array_equal(again.transform(frame), encoded)


@pytest.mark.integration
def test_encoding_memory_is_constant_in_the_rows(monkeypatch, peak_memory):
    frame = as_frame({"x": np.arange(300_000.0), "town": np.array(["a", "b", "c"] * 100_000)})
    encoding = TableEncoding.fit(frame)
    monkeypatch.setattr("barenet.tables.encoding._encoding._BLOCK", 2**12)
    size = 4 * len(frame) * encoding.n_inputs
    assert peak_memory(encoding.transform, frame, np.float32) - size < 1_000_000


#: The same truth values, with and without a missing one, as every source has them.
TRUTH = [True, False, True, True, False, None]
TRUTHS = {
    "objects": lambda values: np.array(values, object),
    "lists": list,
    "NumPy": lambda values: np.array(values[:5]),
    "pandas": lambda values: pd.Series(values[:5]),
    "pandas, objects": pd.Series,
    "pandas, boolean": lambda values: pd.array(values, "boolean"),
    "pandas, categories": lambda values: pd.Series(values, dtype="category"),
    "Arrow": pyarrow.array,
    "Arrow, dictionary": lambda values: pyarrow.array(map(str, values)).dictionary_encode(),
    "polars": polars.Series,
    "records": lambda values: pd.DataFrame([{"is": value} for value in values])["is"],
    "JSON": lambda values: json.loads(json.dumps(values)),
    "CSV of pandas": lambda values: [str(value) for value in values],
    "CSV of JSON": lambda values: [json.dumps(value) for value in values],
    "CSV of R": lambda values: ["NA" if value is None else str(value).upper() for value in values],
}


@pytest.mark.case(128)
@pytest.mark.parametrize("learned", ["objects", "pandas", "Arrow, dictionary", "CSV of R"])
def test_true_and_false_are_the_same_categories_of_every_source(learned):
    options = {"categories": ["is"], "rare": 0}
    encoding = TableEncoding.fit({"is": TRUTHS[learned](TRUTH)}, **options)
    is_missing = encoding.columns[0].missing
    assert encoding.input_names == ("is=False", "is=True", *["is missing"] * is_missing)
    expected = np.array([[value is False, value is True, value is None] for value in TRUTH])
    for source, read in TRUTHS.items():
        rows = {"is": read(TRUTH)}
        encoded = encoding.transform(rows)
        assert encoded.tolist() == expected[: len(encoded), : 2 + is_missing].tolist(), source
        absent = {"is": len(encoded) - 5} if len(encoded) > 5 and not is_missing else {}
        assert encoding.replaced(rows) == absent, source


@pytest.mark.case(128)
def test_true_and_false_beside_other_words_are_one_category_each():
    encoding = TableEncoding.fit({"is": ["true", "unknown", "FALSE", "True"]}, rare=0)
    assert encoding.input_names == ("is=False", "is=True", "is=unknown")
    rows = {"is": np.array([True, False, "unknown", "Unknown"], object)}
    assert encoding.transform(rows).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.case(128)
@pytest.mark.parametrize(
    ("categories", "values", "expected"),
    [
        (("false", "true"), ["true", "True", True, "TRUE", "tRuE", "false"], [1, 1, 1, 1, -1, 0]),
        (("FALSE", "TRUE"), ["TRUE", "True", True, "true", "False", "x"], [1, 1, 1, 1, 0, -1]),
        (("True", "true", "x"), ["true", "True", True, "TRUE", "X"], [0, 0, 0, 0, -1]),
        (("tRue", "yes"), ["true", "tRue", "Yes", "yes"], [-1, 0, -1, 1]),
    ],
)
def test_categories_that_were_learned_before_are_found_as_before(categories, values, expected):
    column = CategoryColumn("is", categories, rare=False, missing=False)
    encoded = TableEncoding((column,)).transform({"is": np.array(values, object)})
    assert [row.index(1) if 1 in row else -1 for row in encoded.tolist()] == expected


DECIMALS = [0.1, 0.25, 1 / 3, 12345.678, 7.0, 1e-10]
#: The same numbers from other sources.
SINGLES: dict[str, Callable[[list[float]], Any]] = {
    "NumPy": lambda values: np.array(values, np.float32),
    "pandas": lambda values: pd.Series(values, dtype="float32"),
    "pandas, nullable": lambda values: pd.Series(values, dtype="Float32"),
    "Arrow": lambda values: pyarrow.array(values, pyarrow.float32()),
    "polars": lambda values: polars.Series(values, dtype=polars.Float32),
    "objects": lambda values: [np.float32(value) for value in values],
}


@pytest.mark.case(184)
@pytest.mark.parametrize("source", SINGLES)
def test_a_category_of_float64_is_found_in_float32(source):
    encoding = TableEncoding.fit({"k": DECIMALS * 3}, categories=["k"], rare=0)
    rows = {"k": SINGLES[source](DECIMALS)}
    assert np.array_equal(encoding.transform(rows), encoding.transform({"k": DECIMALS}))
    assert not encoding.replaced(rows)
    others = {"k": SINGLES[source]([0.3, 0.1000001, 8.0])}
    assert not encoding.transform(others).any() and encoding.replaced(others) == {"k": 3}
    (_, labels), *_ = column_values(encoding, ["k"], rows)
    assert summarize(labels)["categories"] == encoding.columns[0].categories


@pytest.mark.case(184)
@pytest.mark.parametrize("source", ["NumPy", "pandas, nullable", "objects"])
def test_a_category_of_float32_is_written_with_the_fewest_digits(source):
    decimals = [0.1, 0.25, 12345.678, 7.0]
    encoding = TableEncoding.fit({"k": SINGLES[source](decimals * 3)}, categories=["k"], rare=0)
    assert encoding.input_names == ("k=0.1", "k=0.25", "k=12345.678", "k=7")
    expected = np.eye(4)[[0, 1, 2, 3]]
    texts = [str(value) for value in decimals]
    for rows in (SINGLES[source](decimals), decimals, texts):
        assert np.array_equal(encoding.transform({"k": rows}), expected)


@pytest.mark.case(184)
def test_decimals_of_one_float32_are_one_category():
    values = ["0.3", "0.30000000000000004", "98765.43", "98765.44", "1704067200.1", "1704067200.2"]
    encoding = TableEncoding.fit({"k": values * 3}, categories=["k"], rare=0)
    assert encoding.columns[0].categories == tuple(sorted({*values} - {values[1]}))
    # Categories that a model of an earlier version has.
    earlier = CategoryColumn("k", ("0.10000000149011612", "0.1"), rare=False, missing=False)
    rows = {"k": np.array([0.1], np.float32)}
    assert TableEncoding((earlier,)).transform(rows).tolist() == [[1, 0]]


@pytest.mark.parametrize("value", [-1e9, 0.0])
def test_a_column_of_one_value_beside_missing_ones_is_limited_by_a_bin(value):
    rows = {"g": [value, None] * 20}
    encoding = TableEncoding.fit(rows, numbers="piecewise")
    far = [value, None, *(sign * max(1.0, abs(value)) * 1e9 for sign in (-1, 1))]
    encoded = encoding.transform({"g": far})
    assert encoded[:, -1].tolist() == [0, 1, 0, 0]
    assert np.abs(encoded).max() <= 2

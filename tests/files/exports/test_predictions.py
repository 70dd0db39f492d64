"""Every export predicts like the model, with every kind of layer, activation and column."""

import os

import numpy as np
import pandas as pd
import pytest
from predictors import predictor_of
from random_tables import random_predictor, random_table
from run_exports import run

from barenet import Network, Predictor, TableEncoding, export
from barenet.activations import ACTIVATIONS
from barenet.files.exports._inference_program import program_of
from barenet.layers import Dense, PReLU
from barenet.tables.encoding._column_kinds import CategoryColumn, NumberColumn
from barenet.tables.encoding._words_column import WordsColumn

FORMATS = ("python", "json", "onnx", "c")

#: Errors in float32 and in float64, where the arithmetic is float64's.
TOLERANCES = {"python": (0, 0), "json": (1e-5, 1e-11), "onnx": (1e-5, 1e-12), "c": (2e-5, 2e-5)}

#: Seeds of random tables; BARENET_TABLES=1000 for more of them.
SEEDS = range(int(os.environ.get("BARENET_TABLES", "8")))


def tolerance_of(to, case) -> float:
    single, double = TOLERANCES[to]
    tolerance = double if case.dtype == "float64" else single
    # No other package has scikit-learn's normal distribution, nor ONNX Runtime one of float64.
    if {"gelu", "every_operation"} & set(program_of(case.model).sketch().split()):
        tolerance = max(tolerance, 1e-12 if (to, case.dtype) == ("python", "float64") else 1e-5)
    if to != "python" and program_of(case.model).table is None and np.abs(case.X).max() > 1e4:
        return 2e-2  # Logits of ten thousand have errors of a thousandth in float32 itself.
    return tolerance


@pytest.mark.promise(12)
@pytest.mark.integration
@pytest.mark.parametrize("to", FORMATS)
def test_an_export_predicts_like_the_model(case, to, tmp_path):
    check(case, to, tmp_path)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_export_computes_an_activation_as_forward_does(name, build, tmp_path):
    """A wrong `onnx_operator` or `stable_formula` is found; ONNX has operators of one dtype."""
    for to, dtype in (
        ("python", "float64"),
        ("json", "float64"),
        ("onnx", "float32"),
        ("onnx", "float64"),
    ):
        check(build(f"{name} {dtype}"), to, tmp_path)


@pytest.mark.integration
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_c_computes_an_activation_as_forward_does(name, build, tmp_path):
    check(build(f"{name} float32"), "c", tmp_path)


@pytest.mark.parametrize("to", ["json", "onnx", "c"])
def test_an_export_computes_nan_from_nan(to, tmp_path):
    """Through every activation, which must not turn it into a number; Python refuses the row."""

    class Clipped(ACTIVATIONS["identity"]):
        formula = "clip(min(9, Z), -1, 1)"

        def forward(self, Z):
            return np.clip(Z, -1, 1)

    layers = [Dense(3, 3, build()) for build in [Clipped, *ACTIVATIONS.values()]]
    network = Network([*layers, PReLU(3)], seed=0)
    outputs, _ = run(to, network, np.array([[1, 2, np.nan], [1, 2, 3]]), tmp_path)
    assert np.isnan(outputs).tolist() == [[True] * 3, [False] * 3]


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_of_a_table_predicts_like_the_model(dated, to, tmp_path):
    if "day" not in dated.X or to in ("python", "json"):  # the others have no type for dates
        check(dated, to, tmp_path)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:the constants of 16 networks")
@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("json", "ensemble of quantiles"),
        ("c", "ensemble of quantiles"),
        ("python", "ensemble of counts"),
        ("onnx", "ensemble of counts"),
    ],
)
def test_an_export_of_an_ensemble_has_the_link_of_its_loss(name, to, build, tmp_path):
    check(build(name), to, tmp_path)


def check(case, to, folder) -> None:
    outputs, answers = run(to, case.model, case.X, folder)
    tolerance = tolerance_of(to, case)
    np.testing.assert_allclose(outputs, case.outputs, rtol=tolerance, atol=tolerance)
    if to in ("python", "onnx"):
        assert outputs.dtype == (case.dtype if to == "onnx" else case.outputs.dtype)
    if answers is not None and case.labels is not None:
        assert answers.tolist() == case.labels.tolist()
    elif to == "python" and isinstance(case.model, Predictor):
        assert np.array_equal(answers, case.model.predict(case.X))  # one number for each row


def expected_of(model, rows):
    """The numbers that an export returns."""
    return model.outputs(rows) if model.classes is None else model.predict_proba(rows)


#: Marks of a missing value, and numbers near them: the next float64, and the nearest float32.
MARKS = {
    "16777217": [16777217.000000004, 16777216.0],
    "-999.1": [-999.1000000000001, float(np.float32(-999.1))],
    "1e39": [1.0],  # infinite as a float32
}


@pytest.mark.case(133)
@pytest.mark.filterwarnings("ignore:a C float rounds the mark", "ignore:overflow encountered in c")
@pytest.mark.parametrize(
    ("to", "mark"),
    [
        ("python", "16777217"),
        ("json", "16777217"),
        *(("onnx", mark) for mark in MARKS),
        ("c", "1e39"),
    ],
)
def test_a_number_near_the_mark_of_a_missing_value_is_a_number(to, mark, tmp_path):
    """Not in C, whose float is the mark itself."""
    x = np.random.default_rng(0).normal(size=30) * min(1e8, abs(float(mark)))
    encoding = TableEncoding.fit({"x": [*map(repr, x.tolist()), mark]}, missing=[mark])
    model = predictor_of(Network.dense([2, 4, 1], hidden="tanh", seed=0), encoding)
    near = MARKS[mark] if to != "c" else [1.0]
    rows = {"x": [mark, *map(repr, near)]}
    expected = model.outputs(rows)
    assert (abs(expected[1:] - expected[0]) > 0.1).all()
    np.testing.assert_allclose(run(to, model, rows, tmp_path)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.case(242)
@pytest.mark.parametrize("to", FORMATS)
def test_a_marker_of_one_column_is_a_value_in_the_others(to, tmp_path):
    rng = np.random.default_rng(0)
    table = {name: [*rng.integers(0, 9, 30), -9, -9.0] for name in ("x", "y")}
    table["town"] = [*rng.choice(["Rome", "Oslo"], 30), "no one", "Oslo"]
    columns = {"x": "number missing=-9", "town": "names missing=no one"}
    if to == "python":
        table["day"] = np.array([*rng.integers(0, 9, 31).astype("M8[D]"), "9999-12-31"], "M8[D]")
        columns["day"] = "date missing=9999-12-31"
    encoding = TableEncoding.fit(table, columns=columns)
    network = Network.dense([encoding.n_inputs, 4, 1], hidden="tanh", seed=0)
    model = predictor_of(network, encoding)
    rows = {"x": ["-9.0", "3", "3"], "y": ["3", "-9", "3"], "town": ["no one", "Oslo", "Rome"]}
    if to == "python":
        rows["day"] = ["9999-12-31 23:59:59", "1970-01-03", ""]
    assert encoding.replaced(rows)["x"] == 1 and "y" not in encoding.replaced(rows)
    expected = model.outputs(rows)
    np.testing.assert_allclose(run(to, model, rows, tmp_path)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.case(128)
@pytest.mark.parametrize("to", FORMATS)
def test_true_and_false_are_spelled_in_any_way(to, tmp_path):
    column = CategoryColumn("is", ("FALSE", "true"), rare=True, missing=True)
    model = random_predictor(np.random.default_rng(2), TableEncoding((column,)))
    rows = {"is": ["true", "False", "TRUE", "false", "True", "FALSE", "", "other"]}
    outputs, _ = run(to, model, rows, tmp_path)
    np.testing.assert_allclose(outputs, expected_of(model, rows), rtol=1e-5, atol=1e-6)
    assert len(np.unique(outputs.round(4), axis=0)) == 4
    if to == "python":
        values = np.array([True, False, None, np.True_, np.False_], object)
        objects, _ = run(to, model, {"is": values}, tmp_path)
        assert objects.tolist() == outputs[[4, 1, 6, 4, 1]].tolist()


@pytest.mark.case(128)
def test_a_boolean_is_read_from_digits_in_any_spelling(tmp_path):
    encoding = TableEncoding.fit({"is": ["yes", "no", "yes"]})
    model = random_predictor(np.random.default_rng(2), encoding)
    rows = {"is": ["1.0", "0.0", "1", "0", "1e0", "yes", "no", "TRUE"]}
    expected = model.outputs({"is": ["yes", "no", "yes", "no", "yes", "yes", "no", "yes"]})
    np.testing.assert_array_equal(model.outputs(rows), expected)
    np.testing.assert_array_equal(run("python", model, rows, tmp_path)[0], expected)


#: Texts that look alike: with composed and decomposed accents, and with a no-break space.
ALIKE = ("gr\u00f6\u00dfe", "gro\u0308\u00dfe"), ("a b", "a\u00a0b")


@pytest.mark.case(128)
@pytest.mark.parametrize("to", FORMATS)
def test_texts_that_look_alike_are_one_category(to, tmp_path):
    (composed, decomposed), (space, no_break_space) = ALIKE
    for values in ([decomposed, no_break_space], [*ALIKE[0], *ALIKE[1]]):
        encoding = TableEncoding.fit({"is": [*values, "c"] * 5})
        assert encoding.n_inputs == 3
        model = random_predictor(np.random.default_rng(2), encoding)
        rows = {"is": [composed, decomposed, space, no_break_space, "c", "other"]}
        expected = model.outputs(rows)
        assert expected[[0, 2]].tolist() == expected[[1, 3]].tolist()
        assert len(np.unique(expected, axis=0)) == 4
        assert model.preprocessing.replaced(rows) == {"is": 1}
        outputs, _ = run(to, model, rows, tmp_path)
        with pytest.warns(UserWarning, match="unknown categories"):
            expected = expected_of(model, rows)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.case(128, 184)
@pytest.mark.parametrize("to", FORMATS)
def test_of_equal_categories_of_an_older_model_the_first_counts(to, tmp_path):
    categories = (*ALIKE[0], "True", "true", "0.10000000149011612", "0.1", "07", "7")
    column = CategoryColumn("is", categories, rare=True, missing=False)
    model = random_predictor(np.random.default_rng(2), TableEncoding((column,)))
    rows = {"is": [*categories, "0.1000001", "other"]}
    expected = expected_of(model, rows)
    assert expected[[0, 2, 4]].tolist() == expected[[1, 3, 5]].tolist()
    assert len(np.unique(expected, axis=0)) == 6
    np.testing.assert_allclose(run(to, model, rows, tmp_path)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.case(169)
def test_a_column_without_values_may_have_any_type(tmp_path):
    """As pandas reads it: NaT after `to_datetime`, NaN or None."""
    table = {
        "number": ["1", "2", "4"],
        "is": ["yes", "no", "yes"],
        "town": ["Rome", "Oslo", ""],
        "day": ["2024-01-01", "2024-02-05", "2024-03-07"],
        "time": ["12:30", "7:15", "20:00"],
    }
    model = random_predictor(np.random.default_rng(2), TableEncoding.fit(table))
    expected = model.outputs({name: ["", ""] for name in table})
    for values in ([np.nan, np.nan], [None, None], [pd.NaT, pd.NaT]):
        rows = dict.fromkeys(table, pd.Series(values))
        np.testing.assert_array_equal(model.outputs(pd.DataFrame(rows)), expected)
        np.testing.assert_array_equal(run("python", model, rows, tmp_path)[0], expected)


@pytest.mark.parametrize("to", ["python", "onnx"])
@pytest.mark.parametrize("name", ["two classes", "several, two classes"])
def test_an_export_decides_by_the_threshold(name, to, build, tmp_path):
    case = build(name)
    model = case.model.with_threshold(float(np.quantile(case.outputs[:, 1], 0.3)))
    _, answers = run(to, model, case.X, tmp_path)
    expected = model.predict(case.X)
    assert answers.tolist() == expected.tolist() != case.labels.tolist()


@pytest.mark.parametrize("to", FORMATS)
def test_writing_is_deterministic(build, to, tmp_path):
    model = build("wide").model
    first, second = (
        [file.read_bytes() for file in export(model, tmp_path / "it", to).files] for _ in range(2)
    )
    assert first == second


RANDOM = {"python": (0, 0), "json": (1e-5, 1e-9), "onnx": (1e-5, 1e-11), "c": (2e-5, 2e-5)}


@pytest.mark.case(96, 97, 98)
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:input .* a C float rounds")  # but not these numbers
@pytest.mark.filterwarnings("ignore:unknown categories")
@pytest.mark.parametrize("to", RANDOM)
@pytest.mark.parametrize("seed", SEEDS)
def test_exports_of_random_tables_predict_the_same(seed, to, tmp_path):
    """In units of the target's scale, but for the last digit of a float."""
    rng = np.random.default_rng(seed)
    model, rows = random_table(rng, dates=to in ("python", "json"), single=to == "c")
    outputs, answers = run(to, model, rows, tmp_path)
    expected = expected_of(model, rows)
    is_single = model.network.dtype == np.float32
    tolerance = RANDOM[to][not is_single]
    factor = 1 if model.target_scaling is None else model.target_scaling.factor
    allowed = tolerance / factor
    if to == "c" or (to == "onnx" and is_single):
        allowed = allowed + np.spacing(np.abs(expected).astype(np.float32))
    if to == "json":  # a number of float64 far from 0 has steps that are larger than its share
        allowed = allowed + np.spacing(np.abs(expected))
    assert (np.abs(outputs - expected) <= allowed).all(), np.abs(outputs - expected) * factor
    if answers is not None:
        assert answers.tolist() == model.predict(rows).tolist()


#: Texts with accents, marks, other scripts, special letters, emoji, numbers and other spaces.
TEXTS = [
    "", " ", "...", "NA", " ? ", "Golf 2.0 TDI", "golf-2", "2.0", "2.00", "2", 'say "golf"', "\\",
    "GR\u00d6\u00dfE", "gro\u0308\u00dfe", "GR\u00d6SSE", "\u0130stanbul", "istanbul", "ΟΔΟΣ οδος",
    "हिन्दी", "\u2764\ufe0f love", "golf\u00a0love", "golf_love", "1,000.5 golf",
    "x" * 9_000 + " golf", "golf " * 5_000,
]  # fmt: skip


@pytest.mark.parametrize(("to", "missing"), [("python", True), ("json", False)])
def test_texts_are_split_into_the_same_words(to, missing, tmp_path):
    words = ("golf", "2.0", "2", "tdi", "gr\u00f6\u00dfe", "gr\u00f6sse", "i\u0307stanbul",
             "istanbul", "οδος", "हिन्दी", "love", "1,000.5", "say")  # fmt: skip
    encoding = TableEncoding((WordsColumn("text", words, missing=missing),), ("", "NA", "?"))
    model = random_predictor(np.random.default_rng(2), encoding)
    expected = expected_of(model, {"text": TEXTS})
    n_different = 16 if missing else 15  # counted by hand
    assert len(np.unique(encoding.transform({"text": TEXTS}), axis=0)) == n_different
    outputs, _ = run(to, model, {"text": TEXTS}, tmp_path)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    if to == "python":
        values = np.array([2.0, 2, None, np.nan, True, "Golf"], object)
        outputs, _ = run(to, model, {"text": values}, tmp_path)
        expected = expected_of(model, {"text": ["2", "2", "", "", "true", "golf"]})
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("to", ["onnx", "c"])
def test_texts_are_refused_where_they_are_not_split_into_words(to, tmp_path):
    number = NumberColumn("x", 0.0, 0.0, 1.0, indicator=False)
    columns = (number, WordsColumn("title", ("golf",), missing=False))
    model = random_predictor(np.random.default_rng(2), TableEncoding(columns))
    problem = f"^model: column 'title': exports to {to.upper()} do not split texts into words; "
    problem += (
        r"use to='python' or to='json', or train without the text, columns={'title': 'drop'}$"
    )
    with pytest.raises(ValueError, match=problem):
        export(model, tmp_path / f"it.{to}")
    assert not [*tmp_path.iterdir()]
    export(model, tmp_path / "it.schema.json")

"""The target: classes or numbers, the weights of classes, and the main metric."""

import itertools

import numpy as np
import pandas
import pytest
from hypothesis import given, strategies as st
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.class_weight import compute_class_weight

from barenet import Task, load, load_dataset, save
from barenet._metrics import main_metric
from barenet.datasets._class_weights import class_weights
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import DataError
from barenet.streams._stream import stream
from barenet.tables.files._open_table import open_table
from barenet.tables.frames._plain_values import class_name
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._class_labels import class_labels, encode
from barenet.tables.reading._target import MAX_CLASSES, are_classes, known_targets, read_target
from barenet.tasks._description import labelled_rows, rows_of_table


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1, 1, 0], True),  # a truth table
        ([3, 4, 5, 6, 7, 8] * 5, True),  # grades
        ([-1, 1, -1, 1], True),
        (list(range(10)), False),  # each its own
        (list(range(MAX_CLASSES)) * 2, True),
        (list(range(MAX_CLASSES + 1)) * 9, False),  # ages
        ([0.5, 1.5] * 10, False),
        ([1e300, 2e300] * 2, True),  # whole, if large
    ],
)
def test_the_task_follows_from_the_target(numbers, expected):
    assert are_classes(np.array(numbers, np.float64)) is expected


labels = st.one_of(
    st.lists(st.text("abc\N{LATIN SMALL LETTER E WITH ACUTE}", min_size=1), min_size=1),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1).map(np.array),
)


@given(values=labels)
def test_encode_agrees_with_scikit_learns_label_encoder(values):
    oracle = LabelEncoder()
    expected = oracle.fit_transform(np.asarray(values))
    y, classes = encode(values)
    np.testing.assert_array_equal(y, expected)
    assert y.dtype == np.int64
    written = [str(c) if isinstance(c, str) else class_name(c) for c in oracle.classes_]
    assert list(classes) == written
    if not isinstance(values, list):
        assert [*map(float, classes)] == [*oracle.classes_]


@pytest.mark.parametrize(
    ("classes", "labels", "kind"),
    [
        (("9", "10"), [9, 10], "i"),
        (("0.5", "2"), [0.5, 2.0], "f"),
        (("False", "True"), [False, True], "b"),
        (("True", "False"), ["True", "False"], "U"),
        (("1", "01"), ["1", "01"], "U"),
        (("1", "nan"), ["1", "nan"], "U"),
        (("1", "1_0"), ["1", "1_0"], "U"),
    ],
)
def test_classes_keep_their_type(classes, labels, kind):
    found = class_labels(classes)
    assert found.tolist() == labels and found.dtype.kind == kind


@pytest.mark.case(128)
@pytest.mark.parametrize("classes", [("False", "True"), ("false", "true"), ("FALSE", "TRUE")])
def test_true_and_false_are_classes_in_any_spelling(classes):
    for false, true in ((False, True), ("false", "true"), ("False", "True"), ("FALSE", "TRUE")):
        rows = as_frame({"is": np.array([true, false, true])})
        assert known_targets(rows, "is", classes).tolist() == [1, 0, 1]
    with pytest.raises(DataError, match="expected one of"):
        known_targets(as_frame({"is": ["true", "yes"]}), "is", classes)


@pytest.mark.case(128)
def test_a_missing_target_does_not_change_the_classes():
    for values in ([True, False], [True, False, None]):
        known = as_frame({"is": np.array(values, object)}).take([0, 1])
        assert read_target(known, "is", None)[1] == ("False", "True")


RARE = np.array([0, 0, 0, 1])


@pytest.mark.parametrize(
    ("given", "y", "classes", "expected"),
    [
        (None, np.array([0, 0, 1]), ("a", "b"), "accuracy"),
        (None, RARE, ("a", "b"), "auc"),
        (None, RARE, ("a", "b", "c"), "balanced_accuracy"),
        ("f1", RARE, ("a", "b"), "f1"),
        (None, np.array([1.0, 1.0]), None, "r2"),
        ("mae", np.array([1.0, 2.0]), None, "mae"),
        (None, np.zeros(9, int), ("a", "b"), "accuracy"),  # of which there is no AUC
        (None, np.array([1.0]), None, "rmse"),  # nor R² of one row
    ],
)
def test_the_metric_fits_the_target(given, y, classes, expected):
    metric = main_metric(given, y, classes)
    assert metric.name == expected
    assert bool(metric.reason) == (given is None and y is RARE)


def test_a_share_is_not_rounded_up_to_all_rows():
    y = np.array([1] + [0] * 1999)
    assert main_metric(None, y, ("a", "b")).reason == "more than 99 % of the rows are of class 'a'"


def test_weights_of_classes():
    rows = load_dataset("iris").take(np.r_[0:50, 50:60, 100:120])
    expected = compute_class_weight("balanced", classes=np.unique(rows.y), y=rows.y)
    np.testing.assert_allclose(class_weights(["balanced"], rows), expected)
    np.testing.assert_array_equal(class_weights(["virginica=2.5"], rows), [1, 1, 2.5])
    without = rows.take(np.flatnonzero(rows.y < 2))
    assert np.isfinite(class_weights(["balanced"], without)).all()


BLANKS = {
    "nothing": ("", "got nothing in 2 of 4 rows; if that is a class, write a name for it in"),
    "a word": ("None", "got 'None' in 2 of 4 rows; if that is a class, use task='classification'"),
}


@pytest.mark.case(185)
@pytest.mark.parametrize("case", BLANKS)
@pytest.mark.parametrize("label", ["Y", "1"])
def test_rows_without_a_class_are_named_where_one_class_is_left(tmp_path, case, label):
    value, expected = BLANKS[case]
    path = tmp_path / "t.csv"
    path.write_text(f"x,won\n1,{label}\n2,{value}\n3,{value}\n4,{label}\n")
    with pytest.raises(
        DataError, match=f"expected a class besides '{label}', {expected}"
    ) as caught:
        load_table(path, "won")
    assert caught.value.line == 3
    assert caught.value.column == "won"
    frame = pandas.read_csv(path, keep_default_na=False)
    with pytest.raises(DataError, match=r"^data frame: row 1: column 'won': expected a class"):
        Task.open(frame, "won")


@pytest.mark.case(185)
def test_targets_of_one_number_alone_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,won\n1,2.5\n2,\n3,2.5\n")
    with pytest.raises(DataError, match=r"2.5 in every row with a target: 2 rows \(1 without"):
        Task.open(path, "won", task="regression")


@pytest.mark.case(185)
def test_one_class_of_a_stream_beside_rows_without_one_is_refused(tmp_path):
    for number in range(2):
        rows = "".join(f"{n},{'Y' if n % 2 else ''}\n" for n in range(40))
        (tmp_path / f"{number}.csv").write_text("x,won\n" + rows)
    expected = "holds 'Y' in every row with a target; 40 rows have none; if that is a class, write"
    with pytest.raises(DataError, match=expected):
        stream(str(tmp_path / "*.csv"), "won")


@pytest.mark.case(156)
@pytest.mark.parametrize(
    ("names", "marker"), [(("True", "False"), "."), (("left", "stayed"), "#DIV/0!")]
)
def test_a_marker_beside_two_classes_is_no_class(tmp_path, names, marker):
    targets = [marker if row % 9 == 4 else names[row % 2] for row in range(90)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x,c", *(f"{row % 7},{text}" for row, text in enumerate(targets))]))
    data = load_table(path, "c")
    assert data.classes == tuple(sorted(names))
    assert data.description.startswith(f"80 rows (10 without a target left out: {marker!r})")
    with pytest.warns(UserWarning, match="task='classification' makes these words a class"):
        assert Task.open(path, "c").training.n_samples == 64
    assert stream(path, "c").sample.classes == data.classes
    # New rows may have a marker, too, and a class may have its name if that is requested.
    new = read_samples(open_table(path), ["x"], "c", data.classes)
    np.testing.assert_array_equal(new.y, data.y)
    asked = load_table(path, "c", task="classification")
    assert asked.classes == tuple(sorted((*names, marker)))
    assert read_samples(open_table(path), ["x"], "c", asked.classes).n_samples == 90


@pytest.mark.case(156)
def test_a_marker_is_a_class_in_each_block_of_many_classes(tmp_path, monkeypatch):
    """Also in a block that has two of the classes, as in a file that is sorted by them."""
    monkeypatch.setattr("barenet.tables.files._csv_blocks._BLOCK", 400)
    path = tmp_path / "tags.csv"
    tags = [("NN", "VB", ".")] * 200 + [("JJ", "RB", "DT")] * 200
    lines = [f"{row % 7},{tag}" for row, tag in enumerate(itertools.chain.from_iterable(tags))]
    path.write_text("\n".join(["x,tag", *lines]))
    rows = stream(path, "tag")
    assert len(rows.source) > 8
    assert rows.sample.classes == (".", "DT", "JJ", "NN", "RB", "VB")
    assert rows.n_rows == 1_200


def test_markers_beside_many_classes_are_classes(tmp_path):
    path = tmp_path / "tags.csv"
    tags = ["NN", "VB", ".", ":", "JJ"]
    path.write_text("\n".join(["x,tag", *(f"{row % 7},{tags[row % 5]}" for row in range(60))]))
    assert load_table(path, "tag").classes == tuple(sorted(tags))


DAYS = [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(60)]
#: Targets of numbers in a form, each in several rows, and the numbers of the first two rows.
MEASURES = {
    "unit": ([f"{row % 20} kg" for row in range(60)], [0, 1]),
    "currency": ([f"USD {row % 20}.50" for row in range(60)], [0.5, 1.5]),
    "durations": ([f"{row % 20 + 24}:30" for row in range(60)], [1470, 1530]),
    "thousands": ([f"{row % 20 + 1},050,000" for row in range(60)], [1_050_000, 2_050_000]),
}


@pytest.mark.parametrize(("values", "first"), MEASURES.values(), ids=[*MEASURES])
def test_measures_of_a_target_are_numbers(values, first):
    table = {"x": [row % 7 for row in range(60)], "y": values}
    dataset = Task.open(table, "y", test_size=0).rows.dataset
    assert dataset.classes is None and dataset.y[:2].tolist() == first


#: Targets of dates or times.
MOMENTS = {
    "dates": DAYS,
    "dates of the day": [f"{1 + row % 28}.12.2024" for row in range(60)],
    "times": [f"{row % 20:02}:30" for row in range(60)],
}


@pytest.mark.parametrize("values", MOMENTS.values(), ids=[*MOMENTS])
def test_dates_and_times_of_a_target_never_become_classes_unasked(values, tmp_path):
    table = {"x": [row % 7 for row in range(60)], "y": values}
    with pytest.raises(DataError, match="column 'y': expected ") as caught:
        Task.open(table, "y")
    assert caught.value.options == {"task": "classification"}
    assert "for classes, use {task}" in caught.value.remedy
    assert Task.open(table, "y", task="classification", test_size=0).training.n_samples == 60
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{row % 7},{y}\n" for row, y in enumerate(values)))
    with pytest.raises(DataError, match=r"t\.csv:2: column 'y': expected "):
        stream(path, "y")


def test_few_texts_among_the_numbers_of_a_target_may_be_missing_values():
    values = [*map(str, range(40)), "pending", "n/k", "pending"]
    table = {"x": range(43), "y": values}
    with pytest.raises(DataError) as caught:
        Task.open(table, "y")
    error = caught.value
    assert (error.column, error.row, error.value) == ("y", 40, "pending")
    assert error.options == {"missing": ["pending", "n/k"], "task": "classification"}
    with pytest.warns(UserWarning, match="3 without a target left out: 'n/k', 'pending'"):
        task = Task.open(table, "y", test_size=0, missing=caught.value.options["missing"])
    assert task.training.n_samples == 40
    with pytest.raises(DataError) as caught:  # most of the classes are numbers
        Task.open({"x": range(60), "y": ["1", "2", "3", "crew"] * 15}, "y")
    assert caught.value.options == {"missing": ["crew"], "task": "classification"}
    many = {"x": range(43), "y": [*map(str, range(30)), *(f"no {row}" for row in range(13))]}
    with pytest.raises(DataError) as caught:
        Task.open(many, "y")
    error = caught.value
    assert (error.value, error.options) == ("no 0", {"task": "classification"})
    assert len(Task.open(many, "y", test_size=0, **error.options).rows.dataset.classes) == 43


def test_names_with_numbers_are_classes():
    for names in (["size 5", "size 10"], ["2024-01", "n/k", "new"], ["12a", "12b"]):
        values = [names[row % len(names)] for row in range(60)]
        assert read_target(as_frame({"y": values}), "y", None)[1] == tuple(sorted(names))


def test_true_and_false_in_several_spellings_are_two_classes():
    rows = as_frame({"is": ["True", "true", "FALSE", "False", "TRUE"]})
    for task in (None, "classification"):
        y, classes = read_target(rows, "is", task)
        assert classes == ("False", "True") and y.tolist() == [1, 1, 0, 0, 1]
    other = as_frame({"is": ["true", "false"]})
    assert read_target(other, "is", None)[1] == ("false", "true")


def test_yes_and_no_in_several_spellings_are_refused_with_the_rarer_one():
    rows = as_frame({"is": ["yes", "no", "yes", "Yes", "NO", "no"]})
    with pytest.raises(DataError, match="row 3: column 'is': expected 'yes', as in other rows"):
        read_target(rows, "is", None)
    assert read_target(rows, "is", "classification")[1] == ("NO", "Yes", "no", "yes")
    letters = as_frame({"is": ["yes", "no", "yes", "no", "Y"]})
    with pytest.raises(DataError, match="row 4: column 'is': expected 'yes', as in other rows"):
        read_target(letters, "is", None)
    truths = as_frame({"is": ["true", "TRUE", "False", "t"]})
    with pytest.raises(DataError, match="row 3: column 'is': expected 'True', as in other rows"):
        read_target(truths, "is", None)
    others = as_frame({"is": ["cat", "Cat", "dog"]})
    assert read_target(others, "is", None)[1] == ("Cat", "cat", "dog")


@pytest.mark.case(128)
@pytest.mark.parametrize(
    ("words", "row", "usual"),
    [
        (["True", "False", "yes", "no"], 2, "True"),
        (["on", "off", "yes", "no"], 2, "on"),
        (["true", "false", "1", "0"], 2, "true"),
        (["1", "0", "yes"], 2, "1"),
    ],
)
def test_words_of_several_pairs_are_refused_as_classes(words, row, usual):
    rows = as_frame({"is": [*words, *words[:2], *words[:2]]})
    message = f"row {row}: column 'is': expected '{usual}', as in other rows"
    with pytest.raises(DataError, match=message):
        read_target(rows, "is", None)
    classes = read_target(rows, "is", "classification")[1]
    assert classes == tuple(sorted(words))


@pytest.mark.case(128)
def test_classes_that_look_alike_are_one():
    values = ["gr\u00f6\u00dfe", "gro\u0308\u00dfe", "a b", "a\u00a0b"]
    for task in (None, "classification"):
        y, classes = read_target(as_frame({"y": values}), "y", task)
        assert classes == ("a b", "gr\u00f6\u00dfe") and y.tolist() == [1, 1, 0, 0]
    for spelled in (values[::2], values[1::2]):
        classes = read_target(as_frame({"y": spelled}), "y", None)[1]
        assert set(classes) == set(spelled)
        assert known_targets(as_frame({"y": values}), "y", classes).tolist() == [1, 1, 0, 0]
    with pytest.raises(DataError, match="expected one of"):
        known_targets(as_frame({"y": ["a  b"]}), "y", classes)
    assert read_target(as_frame({"y": ["a", "1", "1.0", "01"]}), "y", None)[1] == ("01", "1", "a")


@pytest.mark.case(184)
def test_numbers_of_one_float32_are_classes_of_their_own():
    classes = ("0.1", "0.10000000001")
    for values in ([0.10000000001, 0.1], ["0.10000000001", "0.1"]):
        assert known_targets(as_frame({"y": values}), "y", classes).tolist() == [1, 0]
    single = np.array([0.25, 0.7], np.float32)
    assert known_targets(as_frame({"y": single}), "y", ("0.25", "0.7")).tolist() == [0, 1]


@pytest.mark.case(214)
def test_whole_numbers_declared_as_categories_are_classes(tmp_path):
    rows = pandas.DataFrame({"x": np.arange(600) / 7, "shop": np.arange(600) % 30})
    assert Task.open(rows, "shop").training.classes is None
    declared = rows.astype({"shop": "category"})
    declared.to_parquet(tmp_path / "shops.parquet")
    for source in (declared, tmp_path / "shops.parquet"):
        assert len(Task.open(source, "shop").training.classes) == 30
    assert Task.open(declared, "shop", task="regression").training.classes is None


@pytest.mark.case(221)
def test_other_columns_show_the_separators_of_a_target(tmp_path):
    path = tmp_path / "t.csv"
    amounts = ["1.234", "750", "2.500", "90"] * 15
    lines = [f"{row},5;{amount}" for row, amount in enumerate(amounts)]
    path.write_text("\n".join(["q;y", *lines]))
    assert sorted(set(load_table(path, "y", task="regression").y)) == [90, 750, 1234, 2500]


def test_new_targets_are_read_in_the_form_of_those_of_the_training(tmp_path):
    """1.100 alone would be a decimal."""
    amounts = [f"{1 + row % 9}.{100 + row},50" for row in range(300)]
    rows = pandas.DataFrame({"x": np.arange(300) % 7, "y": amounts})
    rows.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    predictor = Task.open(tmp_path / "rows.csv", "y").train(model="network", epochs=1)
    save(predictor, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.target_kind == "number 1.234,5"
    new = pandas.DataFrame({"x": [1, 2, 3], "y": ["1.100", "2.200", "3.300"]})
    new.to_csv(tmp_path / "new.csv", index=False, sep=";")
    assert labelled_rows(loaded, tmp_path / "new.csv").y.tolist() == [1100, 2200, 3300]
    blocks = rows_of_table(loaded, open_table(tmp_path / "new.csv"))
    assert blocks.y.tolist() == [1100, 2200, 3300]


@pytest.mark.parametrize("seed", range(3))
def test_an_undecided_target_of_a_stream_is_refused_wherever_its_rows_are(tmp_path, seed):
    amounts = ["7"] * 300
    amounts[150] = "1,234"
    rows = pandas.DataFrame({"x": np.arange(300) % 7, "y": amounts})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match="'1,234' is") as caught:
        stream(tmp_path / "rows.csv", "y", task="regression", split_seed=seed)
    assert (caught.value.row, caught.value.column) == (150, "y")

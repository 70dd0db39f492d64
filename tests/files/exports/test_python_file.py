"""The Python export: it needs NumPy alone, reads files, and no name in it becomes code."""

import csv
import io
import math
import runpy
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predictors import predictor_of
from run_exports import rows_of, run_python

from barenet import Network, TableEncoding, Task, export, save
from barenet.cli._main import main
from barenet.datasets._table_loading import load_table
from barenet.files.exports import _python_runtime as python_runtime
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._python_file import render


@dataclass
class Answer:
    """The status of a script, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def script_of():
    """The export of a model, written once."""
    scripts: dict[int, tuple[Any, bytes]] = {}

    def script(model) -> bytes:
        if id(model) not in scripts:
            scripts[id(model)] = model, render(program_of(model), "it")[".py"]
        return scripts[id(model)][1]

    return script


@pytest.fixture
def answer(script_of, tmp_path, monkeypatch, capfd):
    """Run an export with a file of rows, in this process."""

    def run(model, content: str | None) -> Answer:
        (tmp_path / "it.py").write_bytes(script_of(model))
        if content is not None:
            (tmp_path / "rows.csv").write_text(content, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["it.py", "rows.csv"])
        problem = ""
        try:
            runpy.run_path("it.py", run_name="__main__")
        except SystemExit as error:  # whose text Python prints
            problem = f"{error.code}\n"
        printed, warnings = capfd.readouterr()
        return Answer(1 if problem else 0, printed, warnings + problem)

    return run


def csv_of(rows, header) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *rows])
    return stream.getvalue()


def read(done: Answer | subprocess.CompletedProcess) -> list[dict[str, str]]:
    assert (done.returncode, done.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_script_needs_only_numpy(script_of, build, tmp_path):
    case = build("sigmoids")
    packages = tmp_path / "packages"
    packages.mkdir()
    site = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs", ".dylibs"):
        if (site / name).exists():
            (packages / name).symlink_to(site / name)
    (tmp_path / "it.py").write_bytes(script_of(case.model))
    rows = csv_of(case.X.tolist(), case.model.feature_names)
    (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
    program = f"""
import importlib.util, runpy, sys
sys.path.insert(0, {str(packages)!r})
assert not any(map(importlib.util.find_spec, ("barenet", "scipy", "sklearn")))
sys.argv = ["it.py", "rows.csv"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    command = [sys.executable, "-W", "error", "-I", "-S", "-X", "utf8", "-c", program]
    options = {"capture_output": True, "encoding": "utf-8", "env": {}}
    check_numbers(case, read(subprocess.run(command, cwd=tmp_path, **options)))


@pytest.mark.parametrize("name", ["scaled numbers", "scaled number"])
def test_the_script_prints_numbers(build, answer, name):
    case = build(name)
    check_numbers(case, read(answer(case.model, csv_of(case.X.tolist(), case.model.feature_names))))


def check_numbers(case, rows):
    printed = [[*row.values()][-case.outputs.shape[1] :] for row in rows]
    np.testing.assert_allclose(np.array(printed, float), case.outputs, rtol=1e-5)
    if case.labels is not None:
        assert [row["prediction"] for row in rows] == case.labels.tolist()


def test_columns_are_found_by_their_names(build, answer):
    case = build("classes")
    mixed = np.column_stack([np.arange(len(case.X)), case.X[:, [2, 0, 1]]]).tolist()
    rows = read(answer(case.model, csv_of(mixed, ["note", "feature 2", "feature 0", "feature 1"])))
    assert [row["prediction"] for row in rows] == case.labels.tolist()
    assert list(rows[0])[1:] == ["probability_yes", "probability_no", "probability_größer?"]


def test_the_script_reads_a_csv_table(dates, answer):
    lines = [[*line, "more"] for line in zip(*dates.X.values(), strict=True)]
    printed = read(answer(dates.model, csv_of(lines, [*dates.X, "note"])))
    assert [row["prediction"] for row in printed] == dates.labels.tolist()
    numbers = [[float(row[f"probability_{each}"]) for each in "abc"] for row in printed]
    assert np.array_equal(np.array(numbers, dates.dtype), dates.outputs)


@pytest.mark.case(71)
@pytest.mark.integration
def test_a_pipe_that_closes_is_quiet(build, tmp_path):
    case = build("classes")
    export(case.model, tmp_path / "it.py")
    rows = csv_of(np.tile(case.X, (200, 1)).tolist(), case.model.feature_names)
    (tmp_path / "rows.csv").write_text(rows)
    command = [sys.executable, "it.py", "rows.csv"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as done:
        done.stdout.close()
        assert (done.stderr.read(), done.wait(timeout=100)) == (b"", 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("feature 0,feature 1\n1,2\n", "no column feature 2"),
        ("feature 0,feature 1,feature 2\n1,2\n", "3 names in the header, and 2 values"),
        ("feature 0,feature 1,feature 2\n1,2,inf\n", "expected finite numbers"),
        ("feature 0,feature 1,feature 2\n1,2,many\n", "could not convert string to float"),
        ("", "no column feature 0"),
        (None, "No such file"),
    ],
)
def test_wrong_rows_are_a_one_line_error(build, answer, content, message):
    done = answer(build("classes").model, content)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("rows.csv: ") and message in line


def test_values_that_are_not_strings(build):
    table = build("rare categories")
    rows = {"age": [3.5, None, 40], "size": [1, 2, 3.0], "town": ["Rome", None, "Oslo"]}
    rows |= {"code": ["1", "2", "007"], "open": [True, False, None], "full": [1, 0, 1]}
    program = program_of(table.model)
    outputs = run_python(program)["probabilities"](rows_of(program, rows))
    assert np.array_equal(outputs, table.model.predict_proba(rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "many"}, "expected a number, got 'many'"),
        ({"age": "1e999"}, "expected a number, got '1e999'"),
        ({"age": math.inf}, "expected finite numbers"),
        ({"age": np.datetime64("2024-01-05")}, "expected a number, got '2024-01-05'"),
        ({"age": b"5"}, "column 'age': expected a number, a text or a date, got b'5'"),
        ({"time": b"2024-01-05"}, "expected a number, a text or a date, got b'2024-01-05'"),
        ({"open": "perhaps"}, "expected booleans, such as yes or no, got 'perhaps'"),
        ({"time": "yesterday"}, "expected a date or a time of day, got 'yesterday'"),
        (None, "expected rows of 10 values"),
    ],
)
def test_values_of_the_wrong_type_are_refused(script_of, dates, change, message):
    module = {"__name__": "exported"}
    exec(script_of(dates.model), module)
    row = [{**{k: v[0] for k, v in dates.X.items()}, **(change or {})}[k] for k in dates.X]
    for rows in [[row]] if change else [[], [["1", "2"]]]:
        with pytest.raises(ValueError, match=message):
            module["predict"](rows)


def test_bytes_are_refused_in_a_matrix(build):
    predict = run_python(program_of(build("scaled numbers").model))["predict"]
    n_columns = len(build("scaled numbers").model.feature_names)
    with pytest.raises(ValueError, match="expected a number, a text or a date, got b'5'"):
        predict([[b"5", *[1.0] * (n_columns - 1)]])


@pytest.mark.parametrize("unit", ["D", "ns"])
def test_dates_of_numpy_are_read_as_predict_reads_them(of_every_kind, unit):
    moment = np.datetime64("2024-02-01T10:30", unit)
    row = {"size": 2.0, "open": "yes", "town": "Rome", "day": moment}
    predict = run_python(program_of(of_every_kind))["predict"]
    columns = {name: [value] for name, value in row.items()}
    expected = of_every_kind.predict({**columns, "day": np.array([moment])})
    np.testing.assert_allclose(predict([[*row.values()]]), expected, rtol=1e-6)


@pytest.mark.case(41)
def test_one_byte_order_mark_is_left_out_and_a_second_one_is_not(
    of_every_kind, answer, tmp_path, capfd
):
    (tmp_path / "rows.csv").write_text(f"\ufeff\ufeff{HEADER}{ROW}", "utf-8")
    done = answer(of_every_kind, None)
    status, _, error = predict_file(of_every_kind, tmp_path, capfd)
    assert (done.returncode, status) == (1, 2)
    assert "no column size" in error and "no column size" in done.stderr


#: Texts of columns: those of the training, and more of new rows.
SPELLED = {
    "words": (["True", "False", "Maybe", "tRUE"], ["TRUE", "true", "tRUE", "TruE", "maybe"]),
    "day": (["05-Jan-2024", "2024-02-17"], ["Jan 5, 2024", "2024Q1", "2024-1-5 2:30 PM", "."]),
    "european": (["31.12.2024", "01.02.2024"], ["2024-03-01", "1.2.2024 9:30", "n.a."]),
    "time": (["14:30", "02:05"], ["2:30 PM", "14:30:05.5", "#N/A N/A", "—"]),
    "zoned": (["17:45:00Z", "00:30+01:00"], ["9:30:15.5Z", "20:00:00-05:00", "2 PM", "—"]),
    "number": (["1.5", "−2", "3.25-", "inf", "7"], ["–4", "1e3", ".", "-nan", r"\N"]),
    "truth": (["yes", "no", "n.a."], ["Yes", "NO", "(null)"]),
}


@pytest.mark.case(162, 157)
def test_every_text_is_read_as_predict_reads_it(answer):
    rows = {}
    for name, (training, later) in SPELLED.items():
        rows[name] = [*(training[row % len(training)] for row in range(60)), *later, *later][:65]
        rows[name] += [training[0]] * (65 - len(rows[name]))
    first = {name: values[:60] for name, values in rows.items()}
    encoding = TableEncoding.fit(first, numbers="piecewise", bins=3, rare=2)
    kinds = {column.name: column.kind for column in encoding.columns}
    assert [kinds[name] for name in ("words", "day", "truth")] == ["category", "date", "boolean"]
    assert "tRUE" in encoding.columns[0].categories and encoding.columns[0].rare is False
    network = Network.dense([encoding.n_inputs, 4, 1], seed=1, dtype="float64")
    model = predictor_of(network, encoding)
    expected = model.outputs(rows)[:, 0]
    printed = read(answer(model, csv_of(zip(*rows.values(), strict=True), rows)))
    assert [float(row["prediction"]) for row in printed] == expected.tolist()
    # The file of a German Excel, with its first line.
    lines = [";".join(rows)] + [";".join(line) for line in zip(*rows.values(), strict=True)]
    printed = read(answer(model, "\n".join(["sep=;", *lines])))
    assert [float(row["prediction"]) for row in printed] == expected.tolist()
    lines = [", ".join(f'"{text}"' for text in line) for line in zip(*rows.values(), strict=True)]
    printed = read(answer(model, "\n".join([",".join(rows), *lines])))
    assert [float(row["prediction"]) for row in printed] == expected.tolist()


@pytest.mark.case(153)
@pytest.mark.parametrize("offset", ["+0100", "-0500"])
def test_a_date_that_stands_for_none_is_read_in_its_format_in_any_zone(offset):
    text = f"9999-12-31 23:59:59 {offset}"
    read = python_runtime.moment(text, "ymd", "%Y-%m-%d %H:%M:%S %z")
    assert read == datetime(9999, 12, 31, 23, 59, 59)


HEADER = "size,open,town,day\n"
ROW = "1.5,yes,Rome,2024-03-05\n"

#: Files that both refuse, and the line and the column that both name.
REFUSED = {
    "beyond float32": (f"{HEADER}{ROW}1e39,yes,Rome,2024-03-05\n", 3, "size"),
    "a word": (f'{HEADER}\nmany,yes,"Ro\nme",2024-03-05\n', 3, "size"),
    "no boolean": (f"{HEADER}1,perhaps,Rome,2024-03-05\n2,,Rome,2024-03-05\n", 2, "open"),
    "no date": (f"{HEADER}1,no,Rome,yesterday\n", 2, "day"),
    "a doubled column": ("size,open,town,day,size\n1.5,yes,Rome,2024-03-05,2\n", 1, "size"),
    "a zero byte": (f"{HEADER}{ROW}1.5,yes,Ro\0me,2024-03-05\n", 3, ""),
    "few values": (f"{HEADER}{ROW}1.5,yes\n", 3, ""),
    "a comment": (f"{HEADER}# sizes\n{ROW}", 2, ""),
}


@pytest.fixture(scope="module")
def of_every_kind():
    """A model of a number, a boolean, a category and a date."""
    days = np.datetime64("2024-01-01") + np.arange(40)
    rows = {
        "size": np.linspace(1, 9, 40),
        "open": ["yes", "no"] * 20,
        "town": ["Rome", "Oslo"] * 20,
    }
    encoding = TableEncoding.fit({**rows, "day": days}, rare=2)
    return predictor_of(Network.dense([encoding.n_inputs, 4, 1], seed=1), encoding)


def predict_file(model, folder, capfd):
    """The status of the command on the same file, its answers and its error."""
    save(model, folder / "model.safetensors")
    arguments = [str(folder / "model.safetensors"), str(folder / "rows.csv")]
    status = main(["predict", *arguments])
    return status, *capfd.readouterr()


@pytest.mark.case(162)
@pytest.mark.parametrize("case", REFUSED)
def test_a_script_refuses_what_predict_refuses(of_every_kind, answer, tmp_path, capfd, case):
    content, line, column = REFUSED[case]
    done = answer(of_every_kind, content)
    status, _, error = predict_file(of_every_kind, tmp_path, capfd)
    assert (done.returncode, done.stdout, status) == (1, "", 2)
    assert f"rows.csv:{line}: " in error
    [problem] = done.stderr.splitlines()
    assert problem.startswith(f"rows.csv: line {line}: ")
    if column:
        assert f"column {column!r}" in error
        assert f"column {column!r}" in problem


@pytest.mark.case(162)
def test_a_script_counts_values_that_cannot_be_read_as_missing(
    of_every_kind, answer, tmp_path, capfd
):
    wrong = ["many,yes,Rome,2024-03-05", "1,perhaps,Rome,2024-03-05", "1,no,Rome,yesterday"]
    without = [",yes,Rome,2024-03-05", "1,,Rome,2024-03-05", "1,no,Rome,"]
    expected = read(answer(of_every_kind, HEADER + ROW + "\n".join(without)))
    with pytest.warns(UserWarning, match="1 of 4 values count as missing") as noted:
        assert read(answer(of_every_kind, HEADER + ROW + "\n".join(wrong))) == expected
    problems = [str(warning.message) for warning in noted]
    status, answers, warnings = predict_file(of_every_kind, tmp_path, capfd)
    assert status == 0 and len(problems) == 3
    for value, problem in zip(("many", "perhaps", "yesterday"), problems, strict=True):
        assert repr(value) in problem and repr(value) in warnings
    numbers = [float(line) for line in answers.splitlines()[1:]]
    np.testing.assert_allclose([float(row["prediction"]) for row in expected], numbers, rtol=1e-6)


@pytest.mark.case(162)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_script_reads_every_encoding_with_a_byte_order_mark(
    of_every_kind, answer, tmp_path, capfd, encoding
):
    expected = read(answer(of_every_kind, HEADER + ROW))
    (tmp_path / "rows.csv").write_bytes((HEADER + ROW).encode(encoding))
    assert read(answer(of_every_kind, None)) == expected
    status, answers, _ = predict_file(of_every_kind, tmp_path, capfd)
    assert status == 0
    printed = float(answers.splitlines()[1])
    assert printed == pytest.approx(float(expected[0]["prediction"]), rel=1e-6)


@pytest.mark.case(162)
def test_a_script_answers_a_file_without_rows_with_a_header(build, answer):
    model = build("classes").model
    names = ",".join(model.feature_names)
    whole = answer(model, f"{names}\n{','.join('1' for _ in model.feature_names)}\n")
    assert whole.returncode == 0
    done = answer(model, f"{names}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == whole.stdout.splitlines(keepends=True)[0]


EVIL = ['"); __import__("os").abort(); ("', '"""', "\\", "a\nimport os", "\u202e", "\ud800"]


def test_names_are_quoted_safely(build):
    table = build("every category")
    program = replace(
        program_of(build("classes").model),
        classes=tuple(EVIL[:3]),
        feature_names=tuple(EVIL[3:]),
        target_name='"""\nraise SystemExit',
        dataset='\\"""; raise SystemExit #',
    )
    module = run_python(program)
    assert (module["CLASSES"], module["FEATURES"]) == (EVIL[:3], EVIL[3:])
    assert set(module["predict"](build("classes").X)) <= set(EVIL[:3])
    names = [*EVIL[:4], "}{", "{x}"]
    encoding = table.model.preprocessing.renamed(names)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    module = run_python(program_of(model))
    assert module["FEATURES"] == names
    rows = rows_of(program_of(table.model), table.X)
    assert np.array_equal(module["probabilities"](rows), table.outputs)


#: Tables as programs in Europe write them: the delimiter, the header, and the options to read them.
GERMAN = {
    "a delimiter that is given": ("|", "groesse|ort", {"decimal": ",", "delimiter": "|"}),
    "another encoding": (";", "größe;ort", {"decimal": ",", "encoding": "cp1252"}),
    "no header": (";", None, {"decimal": ",", "header": False, "delimiter": ";"}),
}


@pytest.mark.case(188)
@pytest.mark.parametrize("case", GERMAN)
def test_a_file_of_the_training_is_read_by_the_export(answer, tmp_path, case):
    delimiter, header, options = GERMAN[case]
    classes = np.random.default_rng(0).integers(0, 2, 80)
    lines = [f"{header}{delimiter}ziel"] if header else []
    for number in range(80):
        size = f"{number * 7 % 80 / 8}".replace(".", ",")
        # Without a header, all columns are numbers: the rows are a matrix.
        place = ("München", "Köln", "Bonn")[number % 3] if header else str(number % 4)
        lines.append(delimiter.join([size, place, str(classes[number])]))
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines) + "\n", encoding=options.get("encoding", "utf-8"))
    target = "ziel" if header else "x3"
    predictor = Task.open(path, target, **options).train(model="network", epochs=2)
    printed = [row["prediction"] for row in read(answer(predictor, None))]
    rows = load_table(path, target, frame=True, **options)
    assert printed == [str(label) for label in predictor.predict(rows.X)]

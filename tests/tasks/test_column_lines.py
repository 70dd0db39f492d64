"""How the columns of a task are read: a line for each, with an example."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from barenet import Task

pytestmark = pytest.mark.case(243)


@pytest.fixture
def rows():
    """A table with a column of each kind, some of whose values are missing."""
    n = np.arange(60)
    table = {
        "size": [f"{1.5 * (row % 9)}" if row else "" for row in n],
        "opened": [f"{1 + row % 28:02d}.{1 + row % 12:02d}.2024" for row in n],
        "zip": [f"{row % 4:05d}" for row in n],
        "big": ["yes", "no"] * 30,
        "row": n,
        "same": "one",
        "id": n % 7,
        "price": n % 11 + 0.5,
    }
    return pd.DataFrame(table)


def test_a_description_has_words_an_example_and_a_reason_for_each_column(rows):
    lines = Task.open(rows, "price", columns={"id": "drop"}).describe()
    by_name = {line.name: line for line in lines}
    words = {line.name: line.words for line in lines}
    assert words == {
        "size": "number",
        "opened": "date day-first",
        "zip": "names",
        "big": "yes/no",
        "row": "drop",
        "same": "drop",
        "id": "drop",
    }
    assert (by_name["size"].example, by_name["size"].missing) == ("1.5", "1 of 60")
    assert by_name["opened"].example == "'01.01.2024' → 2024-01-01"
    assert by_name["zip"].example == "'00000', '00001', '00002', '00003' (4 different)"
    assert by_name["row"].note == "numbers the rows" and by_name["same"].note
    assert by_name["row"].remedy.options == {"columns": {"row": "keep"}}
    assert by_name["same"].remedy is None
    assert by_name["id"].note == "dropped by request"
    assert by_name["size"].n_inputs == 2 and by_name["id"].n_inputs == 0
    assert {line.mark for line in lines} == {""}
    shown = str(lines).splitlines()
    assert [line.split()[0] for line in shown] == [line.name for line in lines]
    assert (
        "left out: numbers the rows, such as 0; to keep it, use columns={'row': 'keep'}" in shown[4]
    )


def test_the_words_of_a_description_state_the_same_columns(rows):
    task = Task.open(rows, "price")
    columns = {line.name: line.words for line in task.describe()}
    stated = Task.open(rows, "price", columns=columns)
    used = [column for column in task.columns if column.kind != "dropped"]
    assert list(stated.columns) == used
    assert {line.name: line.words for line in stated.describe()} == columns


@pytest.mark.parametrize("values", [[f"name {row}" for row in range(60)], range(60)])
def test_the_remedy_of_a_column_that_is_left_out_keeps_it(rows, values):
    rows["c"] = values
    (line,) = [line for line in Task.open(rows, "price").describe() if line.name == "c"]
    assert line.title == "left out"
    (kept,) = [
        line
        for line in Task.open(rows, "price", **line.remedy.options).describe()
        if line.name == "c"
    ]
    assert kept.n_inputs > 0 and kept.remedy is None


@pytest.fixture
def odd_rows():
    """A table with columns some of whose values are lost, or may be wrong."""
    n = np.arange(200)
    table = {
        "bib": ["F106" if row == 3 else f"{row % 50}" for row in n],
        "mixed": [f"{row}" if row % 3 else f"x{row}" for row in n],
        "sex": ["Male" if row == 2 else ("male", "female")[row % 2] for row in n],
        "score": [-999 if row % 20 == 0 else row % 9 for row in n],
        "amount": [f"{row},049.50" for row in 1 + n % 90],
        "lead": ["<5" if row % 9 == 5 else f"{5 + row % 40}" for row in n],
        "took": [f"{30 + row % 60}:10:00" for row in n],
        "price": n % 11 + 0.5,
    }
    return pd.DataFrame(table)


@pytest.mark.filterwarnings("ignore:column '(bib|mixed)'")
def test_what_is_lost_or_may_be_wrong_is_marked_with_a_remedy(odd_rows):
    lines = Task.open(odd_rows, "price").describe()
    problems = {line.name: line.problems for line in lines if line.mark}
    assert [*problems] == ["bib", "mixed", "sex", "score"]
    for name, options in {
        "bib": {"columns": {"bib": "names"}},
        "mixed": {"columns": {"mixed": "number"}, "columns_": {"mixed": "names"}},
        "sex": {},
        "score": {"missing": ["-999"]},
    }.items():
        (problem,) = problems[name]
        assert problem.options == options and problem.remedy
    assert "'F106'" in problems["bib"][0].problem
    by_name = {line.name: line for line in lines}
    assert by_name["bib"].n_missing == 0  # those that can't be read are counted apart
    examples = {name: by_name[name].example for name in ("amount", "lead", "took")}
    assert examples == {
        "amount": "'1,049.50' → 1049.5",
        "lead": "'<5' → 5",
        "took": "'30:10:00' → 108600 s",
    }


@pytest.mark.filterwarnings("ignore:column '(bib|mixed)'")
def test_many_lines_are_cut_and_long_ones_broken(odd_rows):
    table = pd.DataFrame({f"constant {number}": [1] * 200 for number in range(500)})
    lines = Task.open(table.join(odd_rows), "price").describe()
    shown = lines.to_text(width=80, most=30)
    assert all(len(line) <= 80 for line in shown.splitlines())
    names = [line.name for line in lines.most_important(30)]
    assert names == [f"constant {number}" for number in range(26)] + [
        "bib",
        "mixed",
        "sex",
        "score",
    ]
    *_, last = shown.splitlines()
    assert last.startswith("  … and 477 more: 474 left out, ")
    options = " ".join(lines.to_text(width=40).split("\n"))
    assert "columns={'mixed': 'number'}" in options
    assert len(str(lines).splitlines()) == 507


def test_notebooks_show_a_description_as_a_table(rows):
    task = Task.open(rows, "price")
    for shown in (task.describe(), task):
        root = ElementTree.fromstring(shown._repr_html_())
        assert len(root.findall(".//tr")) == 1 + len(task.columns)


def test_a_matrix_has_no_columns_to_describe():
    task = Task.open("iris")
    assert not task.describe() and str(task.describe()) == ""

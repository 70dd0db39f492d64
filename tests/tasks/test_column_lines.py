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
    assert (by_name["size"].example, by_name["size"].n_missing) == ("'1.5'", 1)
    assert by_name["opened"].example == "'01.01.2024' → 2024-01-01"
    assert by_name["zip"].example == "'00000', 4 different"
    assert by_name["row"].note == "numbers the rows" and by_name["same"].note
    assert by_name["id"].note == "dropped by request"
    assert by_name["size"].n_inputs == 2 and by_name["id"].n_inputs == 0
    assert len(str(lines).splitlines()) == 1 + len(lines)


def test_the_words_of_a_description_state_the_same_columns(rows):
    task = Task.open(rows, "price")
    columns = {line.name: line.words for line in task.describe()}
    stated = Task.open(rows, "price", columns=columns)
    used = [column for column in task.columns if column.kind != "dropped"]
    assert list(stated.columns) == used
    assert {line.name: line.words for line in stated.describe()} == columns


def test_notebooks_show_a_description_as_a_table(rows):
    task = Task.open(rows, "price")
    for shown in (task.describe(), task):
        root = ElementTree.fromstring(shown._repr_html_())
        assert len(root.findall(".//tbody/tr") or root.findall(".//tr")) >= len(task.columns)


def test_a_matrix_has_no_columns_to_describe():
    task = Task.open("iris")
    assert not task.describe() and str(task.describe()) == ""

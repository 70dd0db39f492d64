"""All columns with wrong values are named in one error, with options for all of them."""

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task
from barenet.errors import DataError

N = 60


@pytest.mark.case(156)
def test_each_column_is_named_with_its_own_problem(write):
    rows = [f"a{n},b{n},{n % 7},{n}.5" for n in range(N)]
    path = write("\n".join(["words,days,x,y", *rows]), "several.csv")
    with pytest.raises(DataError) as caught:
        Task.open(path, "y", columns={"words": "number", "days": "date"})
    error = caught.value
    assert (error.column, error.line, error.row, error.value) == ("words", 2, 0, "a0")
    assert "line 2: column 'days': expected a date" in error.problem
    assert error.options == {"columns": {"words": "names", "days": "names"}}
    assert error.remedy.count("{columns}") == 1
    assert Task.open(path, "y", **error.options, test_size=0).training.n_samples == N


@pytest.mark.case(156)
def test_remedies_that_differ_are_joined():
    numbers = [*np.arange(N, dtype=float)]
    table = pd.DataFrame({"a": numbers, "b": ["s"] * N, "c": numbers, "d": numbers})
    table.loc[7, ["a", "d"]] = [np.inf, -np.inf]
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(table, columns={"b": "number"})
    assert caught.value.argument == "X" and caught.value.column == "b"
    assert caught.value.options == {"columns": {"b": "names"}, "missing": ["inf", "-inf"]}
    assert caught.value.remedy.count("{missing}") == 1
    assert TableEncoding.fit(table, **caught.value.options).input_names[:2] == ("a", "a missing")


@pytest.mark.case(156)
def test_ten_columns_are_listed_and_the_others_counted():
    table = {f"c{number:02}": ["lost", "sold"] * N for number in range(13)}
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(table, columns=dict.fromkeys(table, "number"))
    assert "column 'c09'" in caught.value.problem and "column 'c10'" not in caught.value.problem
    assert caught.value.problem.endswith("; and 3 more columns")
    assert caught.value.options["columns"] == dict.fromkeys(table, "names")
    del table["c11"], table["c12"]
    with pytest.raises(DataError, match="; and 1 more column; "):
        TableEncoding.fit(table, columns=dict.fromkeys(table, "number"))


@pytest.mark.case(156)
def test_new_rows_name_all_columns():
    encoding = TableEncoding.fit({"a": ["1", "5"], "b": ["2024-01-31", "2024-02-01"]})
    with pytest.raises(DataError) as caught:
        encoding.transform({"a": ["?!", "x"], "b": ["b", "c"]})
    error = caught.value
    assert (error.column, error.row, error.options) == ("a", 0, {})
    assert "row 0: column 'b': expected a date" in error.problem

"""All columns with a wrong value are named in one error; it ends with options for all of them."""

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task, load_table, stream
from barenet.errors import DataError

N = 60
DAYS = [f"{1 + n % 28:02}-Jan-{10 + n % 15}" for n in range(N)]
WORDS = ["lost" if n == 7 else str(n * 3 % 50) for n in range(N)]
CODES = ["007" if n == 9 else str(n * 7 % 55) for n in range(N)]
MASSES = [f"{n} kg" for n in range(N)]
TABLE = {"words": WORDS, "days": DAYS, "codes": CODES, "x": np.arange(N) % 7}
OPTIONS = {"missing": ["lost"], "numeric": ["codes"], "date_format": "%d-%b-%y"}


@pytest.fixture
def path(write):
    rows = []
    for n in range(N):
        rows.append(f"{WORDS[n]},{DAYS[n]},{CODES[n]},{n % 7},{n}.5")
    return write("\n".join(["words,days,codes,x,y", *rows]), "several.csv")


@pytest.mark.case(156)
def test_each_column_is_named_with_its_own_problem_and_remedy(path):
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(path, "y").X)
    error = caught.value
    message = str(error)
    assert message.startswith(f"{path}:9: column 'words': expected a number, as in ")
    for part in (
        "; column 'days' (line 2: '01-Jan-10'): expected a date such as 2024-12-31;",
        "; likewise column 'codes' (line 11: '007'): expected a number of up to 15 digits",
        "; for words: if it stands for a missing value, use missing=['lost']; ",
        "; for days: read the file with date_format='%d-%b-%y'",
        "; for codes: to read numbers, use numeric=['codes']",
    ):
        assert part in message
    assert message.endswith(
        "; for all of them: use date_format='%d-%b-%y', numeric=['codes'], missing=['lost']"
    )
    assert (error.line, error.row, error.column, error.value) == (9, 7, "words", "lost")


@pytest.mark.case(156)
def test_the_last_remedy_reads_all_columns(path):
    columns = load_table(path, "y", date_format=OPTIONS["date_format"], frame=True).X
    encoding = TableEncoding.fit(columns, missing=OPTIONS["missing"], numeric=OPTIONS["numeric"])
    kinds = [column.kind for column in encoding.columns]
    assert kinds == ["number", "date", "number", "number"]
    task = Task.open(path, "y", **OPTIONS)
    assert task.train(model="network", epochs=1).preprocessing.n_inputs == encoding.n_inputs


@pytest.mark.case(156)
def test_a_stream_and_a_task_name_all_columns(path):
    with pytest.raises(DataError) as caught:
        stream(path, "y", task="regression")
    assert str(caught.value).endswith(
        "for all of them: use csv={'date_format': '%d-%b-%y'}, numeric=['codes'], missing=['lost']"
    )
    with pytest.raises(DataError, match=r"for all of them: use date_format='%d-%b-%y', numeric="):
        Task.open(path, "y").train(model="network")


@pytest.mark.case(156)
def test_several_options_of_files_are_one_argument_of_a_stream(write):
    rows = [f'"1,{100 + n}.5",{DAYS[n]},{WORDS[n]},{n}.5' for n in range(N)]
    path = write("\n".join(["amounts,days,words,y", *rows]))
    with pytest.raises(DataError) as caught:
        stream(path, "y", task="regression")
    assert str(caught.value).endswith(
        "for all of them: use csv={'thousands': ',', 'date_format': '%d-%b-%y'}, missing=['lost']"
    )


@pytest.mark.case(156)
def test_columns_in_memory_that_have_to_be_changed_have_no_common_option():
    for table in (TABLE, pd.DataFrame(TABLE)):
        with pytest.raises(DataError) as caught:
            TableEncoding.fit(table)
        message = str(caught.value)
        assert message.startswith("X: row 7: column 'words': expected a number, as in ")
        assert "for days: convert the column to dates with pandas.to_datetime(" in message
        assert "for all of them" not in message
        assert caught.value.argument == "X"
    with pytest.raises(DataError, match=r"; for all of them: use numeric=\['codes'\], missing="):
        TableEncoding.fit({"words": WORDS, "codes": CODES})


@pytest.mark.case(156)
def test_columns_that_options_declare_as_numbers_are_named_with_the_others():
    table = {"a": WORDS, "b": [*WORDS[:-1], "b?"], "x": np.arange(N) % 7}
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(table, numeric=["b"])
    message = str(caught.value)
    assert "column 'a': expected a number, as in" in message
    assert "likewise column 'b' (row 7: 'lost')" in message


@pytest.mark.case(156)
def test_ten_columns_are_listed_and_the_others_counted():
    table = {f"c{number:02}": WORDS for number in range(13)}
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(table)
    message = str(caught.value)
    assert "'c09' (row 7: 'lost'); and 3 more columns; if it stands for" in message
    assert "'c10' (" not in message
    assert len(message) < 1000
    assert caught.value.options["categories"] == [*table]
    del table["c11"], table["c12"]
    with pytest.raises(DataError, match="; and 1 more column; "):
        TableEncoding.fit(table)


@pytest.mark.case(156)
def test_new_rows_name_all_columns():
    encoding = TableEncoding.fit({"a": WORDS, "b": CODES}, missing=["lost"], numeric=["b"])
    with pytest.raises(DataError) as caught:
        encoding.transform({"a": ["1", "?!"], "b": ["b", "2"]})
    assert str(caught.value) == (
        "X: row 1: column 'a': expected a number, got '?!'; likewise column 'b' (row 0: 'b')"
    )


@pytest.mark.case(156)
def test_points_beside_decimal_commas_are_named_in_all_columns(write):
    rows = [f"{n}.{100 + n};{n % 9}.{200 + n};{n},5" for n in range(1, N)]
    path = write("\n".join(["a;b;y", *rows]))
    with pytest.raises(DataError, match=r"column 'a': .*; likewise column 'b' \(line 2: '1\.201'"):
        load_table(path, "y", decimal=",")


def test_one_column_keeps_its_own_error():
    with pytest.raises(DataError) as caught:
        TableEncoding.fit({"a": WORDS, "x": np.arange(N) % 7})
    message = str(caught.value)
    assert message.count("column 'a'") == 1
    assert "for a:" not in message
    assert "for all of them" not in message

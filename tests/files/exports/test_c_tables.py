"""Tables in C exports: a number for each column in, what the model says out."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from table_numbers import numbers_of

from barenet import TableEncoding, export
from barenet.data._column_types import CategoryColumn
from barenet.files.exports._c_file import render
from barenet.files.exports._inference_program import program_of


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_it_says_what_the_model_says(table, run_c, tmp_path, weights):
    program = program_of(table.model)
    export(table.model, tmp_path / "it.c", weights=weights)
    outputs = run_c(tmp_path / "it.c", numbers_of(program.table, table.X), 3)
    tolerance = 2e-5 if weights == "float32" else 0.05
    np.testing.assert_allclose(outputs, table.outputs, atol=tolerance)


def test_a_real_table(passengers, run_c, tmp_path):
    values = numbers_of(program_of(passengers.model).table, passengers.X)
    export(passengers.model, tmp_path / "it.c")
    outputs = run_c(tmp_path / "it.c", values, 2)
    np.testing.assert_allclose(outputs, passengers.outputs, atol=2e-5)


def test_an_index_out_of_range_is_any_other_category(table, run_c, tmp_path):
    program = program_of(table.model)
    rows, at = numbers_of(program.table, table.X)[[10] * 4], program.feature_names.index("town")
    rows[:, at] = [99, -1, 1e30, len(program.table.columns[at].categories)]
    export(table.model, tmp_path / "it.c")
    outputs = run_c(tmp_path / "it.c", rows, 3)
    assert (outputs == outputs[3]).all()


def test_what_the_rounding_does_is_measured_on_a_table(table, tmp_path):
    done = export(table.model, tmp_path / "it.c", weights="int8", X=table.X)
    assert done.rounding.rows == len(table.outputs)
    assert 0 < done.rounding.largest_change < 0.05


def test_sanitizers_find_nothing_whatever_the_places(table, compile_c, tmp_path):
    export(table.model, tmp_path / "it.c")
    options = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN", *options)
    rows = numbers_of(program_of(table.model).table, table.X)
    rows = np.vstack([rows, np.full(6, np.nan), np.full(6, -1e30), np.full(6, 3e9)])
    text = "\n".join(" ".join(map(repr, row)) for row in rows.tolist())
    done = subprocess.run([program], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines][: len(table.labels)] == table.labels.tolist()
    assert len(lines) == len(rows)


def test_the_names_of_categories_are_there_in_their_places(table, compile_c, tmp_path):
    export(table.model, tmp_path / "it.c")
    columns = program_of(table.model).table.columns
    arrays = {
        f"it_x{at}": each.categories
        for at, each in enumerate(columns)
        if isinstance(each, CategoryColumn)
    }
    prints = "".join(
        f"    for (int i = 0; i < {len(names)}; i++)\n        puts({name}[i]);\n"
        for name, names in arrays.items()
    )
    (tmp_path / "names.c").write_text(
        f'#include "it.h"\n#include <stdio.h>\nint main(void)\n{{\n{prints}    return 0;\n}}\n'
    )
    program = compile_c(tmp_path / "names.c", "it.c")
    done = subprocess.run([program], capture_output=True, encoding="utf-8")
    assert done.stdout.splitlines() == [name for names in arrays.values() for name in names]
    text = (tmp_path / "it.c").read_text()
    assert f"x[2]  town: its index in it_x2, {len(arrays['it_x2'])} for any other\n" in text
    assert "x[4]  open: 1 for true, 0 for false\n" in text


def test_no_name_of_a_column_gets_out_of_the_comment(table, compile_c, tmp_path):
    evil = ["*/ int x[-1];", "\\", "??/", "a\nb", "\u202e", "größe"]
    encoding = table.model.preprocessing.renamed(evil)
    model = replace(table.model, preprocessing=encoding, feature_names=encoding.feature_names)
    export(model, tmp_path / "it.c")
    compile_c(tmp_path / "it.c", "-shared", "-fPIC")


def test_dates_are_refused(dates):
    with pytest.raises(ValueError, match="column 'day' holds a date, whose seconds a float of C"):
        render(program_of(dates.model), "it")


def test_numbers_beyond_float32_are_refused(table):
    columns = table.model.preprocessing.columns
    wide = TableEncoding((replace(columns[0], scale=1e-60), *columns[1:]))
    with pytest.raises(ValueError, match="column 'age': scale 1e-60 is beyond the range"):
        render(program_of(replace(table.model, preprocessing=wide)), "it")

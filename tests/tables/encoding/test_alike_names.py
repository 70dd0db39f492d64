"""Names that differ only in case or in spaces are kept apart, and named."""

import warnings

import numpy as np
import pandas as pd
import pytest

from barenet import RunConfig, TableEncoding, TablePreprocessor, Task
from barenet.tables.encoding._alike_names import alike_notes

N = 120


def notes_on(values):
    table = {"sex": values, "x": np.arange(len(values)) % 7}
    return [str(note) for note in alike_notes(TableEncoding.fit(table), table)]


@pytest.mark.case(128)
@pytest.mark.parametrize(
    ("names", "pairs", "difference"),
    [
        (["Male", "male", "female"], "'Male' and 'male'", "case"),
        (["ja", "Nein", "nein", "Ja"], "'Ja' and 'ja', 'Nein' and 'nein'", "case"),
        (["a b", "a  b", "c"], "'a  b' and 'a b'", "case or spaces"),
        (["a b", "A  b", "c", "C"], "'A  b' and 'a b', 'C' and 'c'", "case or spaces"),
        (["tRUE", "true", "maybe"], "'True' and 'tRUE'", "case"),
    ],
)
def test_a_note_names_the_column_the_pairs_and_the_remedy(names, pairs, difference):
    values = [names[row % len(names)] for row in range(N)]
    (note,) = notes_on(values)
    assert note.startswith(f"column 'sex': {pairs} differ only in {difference}; if they are")
    # The remedy is an expression of pandas; followed, it merges them.
    column = pd.Series(values)
    call = note.partition("as column")[2].partition(" of pandas")[0]
    merged = eval(f"column{call}", {"column": column})
    assert notes_on(merged.tolist()) == []
    assert len(set(merged)) < len(set(values))


@pytest.mark.case(128)
def test_a_rare_category_is_named_and_others_are_not():
    assert len(notes_on(["male", "female"] * 500 + ["Male"])) == 1
    for names in (["True", "true", "maybe"], ["1.0", "1", "a", "b"], ["e\u0301", "\u00e9", "a"]):
        assert notes_on([names[row % len(names)] for row in range(N)]) == []


@pytest.mark.case(128)
def test_training_warns_of_features_and_of_the_target(tmp_path):
    rng = np.random.default_rng(0)
    sexes = rng.choice(["male", "Male", "female"], N)
    table = pd.DataFrame({"sex": sexes, "x": rng.normal(size=N)})
    table["answer"] = rng.choice(["ja", "Nein", "nein"], N)
    with pytest.warns(UserWarning, match="column 'sex': 'Male' and 'male' differ only in case"):
        TablePreprocessor().fit(table.drop(columns="answer"))
    table.to_csv(tmp_path / "t.csv", index=False)
    config = RunConfig(epochs=2, layers=(4, 4, 3))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Task.open(tmp_path / "t.csv", "answer").train(config)
    noted = [str(warning.message) for warning in caught if "differ only" in str(warning.message)]
    assert [note.partition(" differ")[0] for note in noted] == [
        "column 'sex': 'Male' and 'male'",
        "column 'answer': 'Nein' and 'nein'",
    ]

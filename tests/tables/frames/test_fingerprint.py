import hashlib

import numpy as np
import pandas as pd
import pytest

from barenet import load_dataset
from barenet.tables.frames._fingerprint import fingerprint
from barenet.typing import Frame

TEXT = np.dtypes.StringDType()


def words(texts: str) -> Frame:
    return Frame({"word": np.array(texts.split(" "), TEXT)})


def test_the_fingerprint_is_the_checksum_of_the_column_checksums():
    X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0, 1])
    lines = [
        f"(2, 2) float64 {hashlib.sha256(X.tobytes()).hexdigest()}",
        f"(2,) int64 {hashlib.sha256(y.tobytes()).hexdigest()}",
    ]
    assert fingerprint(X, y) == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert fingerprint(np.asfortranarray(X), y) == fingerprint(X, y)
    assert fingerprint(X[::-1][::-1], y.tolist()) == fingerprint(X, y)


def test_the_fingerprint_is_stable():
    """Files store it: with another formula, no training data would be recognized."""
    iris = load_dataset("iris")
    known = "066c40b0c03c47c56b0ccec534f58e99aad3a28831a2da959a3338fe9d2f91fe"
    assert fingerprint(iris.X, iris.y) == known


def test_other_rows_have_another_fingerprint():
    X, days = [[1.0, 2.0], [3.0, 4.0]], np.array(["2020-01-01", "NaT"], "M8[us]")
    missing = np.array([np.nan, 1.0])
    left, right = np.array(["x", ""], TEXT), np.array(["", "y"], TEXT)
    rows = [
        *(X, X[::-1], [[1, 2], [3, 4]], [[1.0], [2.0]], np.array(X, np.float32)),
        [[1.0, 2.0], [3.0, np.nextafter(4.0, 5.0)]],
        *(words(pair) for pair in ("a bc", "ab c", " abc", "abc ", "b b")),
        *(Frame({"a": left, "b": right}), Frame({"a": right, "b": left})),
        *(Frame({"day": days, "x": missing, "is": missing > value}) for value in (0, 1)),
    ]
    fingerprints = {fingerprint(each, [0, 1]) for each in rows} | {fingerprint(X, [1, 0])}
    assert len(fingerprints) == len(rows) + 1
    assert fingerprint(words("é\x00 é"), [0, 1]) == fingerprint(words("é\x00 é"), [0, 1])


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u2", "M8[us]", "U3"])
def test_byte_order_does_not_matter(dtype):
    X = np.arange(6).astype(dtype)
    little, big = X.astype(f"<{dtype}"), X.astype(f">{dtype}")
    assert fingerprint(big, big) == fingerprint(little, little) == fingerprint(X, X)


def test_masked_rows_without_a_masked_entry_have_a_fingerprint():
    assert fingerprint(MASKED[:1], [0]) == fingerprint([1.0], [0])


def test_a_mixed_table_is_fingerprinted_by_column():
    frame = Frame({"n": np.array([1.0, np.nan]), "word": np.array(["a", ""], TEXT)})
    mixed = pd.DataFrame({"n": [1.0, None], "word": ["a", None]})
    assert fingerprint(mixed, [0, 1]) == fingerprint(frame, [0, 1])
    numbers = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert fingerprint(numbers, [0, 1]) == fingerprint(numbers.to_numpy(), [0, 1]), "as it was"

"""Texts stored once each are the same column as an array of them."""

import numpy as np
import pytest

from barenet.tables.frames._coded_texts import CodedTexts, unique_texts
from barenet.tables.frames._frame import TEXT, Frame

TEXTS = ["Rome", "", "Oslo", "Rome", " Oslo", "Rome"]


@pytest.mark.parametrize("rows", [slice(1, 4), [5, 0, 0], np.arange(6) % 2 == 0, []])
def test_rows_are_selected_as_from_an_array(rows):
    texts = np.array(TEXTS, TEXT)[rows]

    selected = CodedTexts.of(TEXTS)[rows]

    assert selected.tolist() == texts.tolist()
    assert np.asarray(selected).dtype == TEXT
    assert (np.asarray(selected) == texts).all()


@pytest.mark.parametrize("rows", [slice(None), [5, 4, 0], []])
def test_different_texts_are_found_in_the_order_of_their_rows(rows):
    codes, texts = unique_texts(np.array(TEXTS, TEXT)[rows])

    coded_codes, coded_texts = unique_texts(CodedTexts.of(TEXTS)[rows])

    assert coded_texts == texts
    assert coded_codes.tolist() == codes.tolist()


def test_a_column_of_a_frame_is_an_array():
    frame = Frame({"town": CodedTexts.of(TEXTS), "size": np.arange(6.0)})

    assert isinstance(frame["town"], np.ndarray)
    assert frame.take([2, 0])["town"].tolist() == ["Oslo", "Rome"]
    assert frame.to_pandas()["town"].isna().tolist() == [False, True, False, False, False, False]


def test_columns_are_joined_without_the_texts_of_no_row():
    towns = CodedTexts.of(["Rome", "Oslo", "Rome"])
    joined = CodedTexts.joined([towns[1:2], np.array(["Bern", "Oslo "], TEXT), towns[:0]])
    assert joined.tolist() == ["Oslo", "Bern", "Oslo "]
    assert joined.texts == ["Oslo", "Bern", "Oslo "]

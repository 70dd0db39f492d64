from __future__ import annotations

import json

import pytest

from barenet.playground.page_state import DataSettings


def test_what_is_written_is_read_again():
    data = DataSettings.read(
        {"data": "moons", "features": ["sin(x2)", "x1"], "axes": ["a", "b"]}
    )
    assert data.features == ("x1", "sin(x2)")  # in the order of the page
    assert DataSettings.read(json.loads(json.dumps(data.to_dict()))) == data
    assert DataSettings.read({"features": ["all"]}).features == ("all",)


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("data", 7, "expected a short text"),
        ("data", "x" * 500, "expected a short text"),
        ("samples", 10, "samples"),
        ("samples", 10**9, "samples"),
        ("noise", -2, "noise"),
        ("data_seed", 0.5, "whole number"),
        ("test_size", 0, "test_size"),
        ("test_size", 1, "test_size"),
        ("features", [], "at least one input"),
        ("features", ["x3"], "x3"),
        ("features", ["all", "x1"], "all"),
        ("axes", ["a", "b", "c"], "2 entries at most"),
        ("task", "ranking", "ranking"),
        ("points", 3, "unknown 'points'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(field, value, word):
    with pytest.raises(ValueError, match=word):
        DataSettings.read({field: value})

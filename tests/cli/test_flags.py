from __future__ import annotations

import dataclasses

from barenet.cli.flags import GROUPS, NO_FLAGS, Flags
from barenet.data import RunConfig


def test_a_flag_for_every_setting():
    names = [field.name for field in dataclasses.fields(RunConfig)]
    assert [field.name for field in dataclasses.fields(Flags)] == names
    assert isinstance(NO_FLAGS, RunConfig) and NO_FLAGS.set_fields() == {}


def test_the_headings_are_of_settings_that_there_are():
    names = {field.name for field in dataclasses.fields(RunConfig)}
    assert {name for group in GROUPS.values() for name in group.split()} <= names


def test_every_flag_is_on_the_help_page_with_its_default(barenet):
    page = barenet("train", "--help").out
    for field in dataclasses.fields(RunConfig):
        assert f"--{field.name.replace('_', '-')} " in page
    assert "[default: adam]" in page and "[default: relu]" in page


def test_both_spellings_are_taken(barenet):
    for option in ("--batch-size", "--batch_size"):
        done = barenet("train", "iris", option, "x")
        assert "expected a whole number or full, got 'x'" in done.err

"""Edits: weights that were changed by hand, each after an epoch, so that it can be done again."""

from __future__ import annotations

from typing import Any, NamedTuple

from barenet.constraints import check_number
from barenet.playground.reading import check_list

__all__ = ["MOST_EDITS", "Edit", "check_weight", "read_edits", "with_edit"]

#: Weights are changed by hand, and no hand means more than this.
LARGEST_WEIGHT = 1e6
#: As many as an address can tell of, and be read.
MOST_EDITS = 64


class Edit(NamedTuple):
    """A weight that was changed.

    Attributes
    ----------
    epoch : int
        Epochs done before.
    place : int
        Where it stands in the network's vector.
    value : float
        What it became.
    """

    epoch: int
    place: int
    value: float


def read_edits(said: Any, n_parameters: int) -> tuple[Edit, ...]:
    """Check what a page says.

    Examples
    --------
    >>> read_edits([[0, 2, 1.5]], 10)
    (Edit(epoch=0, place=2, value=1.5),)
    """
    edits = []
    for each in check_list(said, "edits", most=MOST_EDITS):
        if len(triple := check_list(each, "edits", most=3)) != 3:
            raise ValueError(f"edits: expected epoch, place and value, got {triple}")
        epoch = check_number(triple[0], "edits: epoch", ge=0, le=10**7, integer=True)
        place = check_number(triple[1], "edits: place", ge=0, lt=n_parameters, integer=True)
        edits.append(Edit(int(epoch), int(place), check_weight(triple[2])))
    return tuple(sorted(edits, key=lambda edit: edit.epoch))


def check_weight(value: Any) -> float:
    """Make sure of a weight."""
    return check_number(value, "value", ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)


def with_edit(edits: tuple[Edit, ...], new: Edit) -> tuple[Edit, ...]:
    """Add an edit; the same weight at the same epoch is changed once.

    Examples
    --------
    >>> with_edit((Edit(0, 2, 1.5), Edit(3, 2, 0.5)), Edit(0, 2, 2.0))
    (Edit(epoch=0, place=2, value=2.0), Edit(epoch=3, place=2, value=0.5))
    """
    others = [edit for edit in edits if (edit.epoch, edit.place) != (new.epoch, new.place)]
    return tuple(sorted([*others, new], key=lambda edit: edit.epoch))

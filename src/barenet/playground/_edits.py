"""Weights changed by hand, each after an epoch, so that the changes can be repeated."""

from __future__ import annotations

from dataclasses import dataclass

from barenet.playground._page_state import MAX_EPOCHS
from barenet.playground._wire_format import restricted

__all__ = ["LARGEST_WEIGHT", "MAX_EDITS", "WeightEdit", "with_edit"]

LARGEST_WEIGHT = 1e6
#: As many edits fit into an address.
MAX_EDITS = 64


@dataclass(frozen=True)
class WeightEdit:
    """A weight that was changed by hand."""

    #: Epochs done before the change.
    epoch: int = restricted(0, ge=0, le=MAX_EPOCHS)
    #: Index of the weight in the network's parameter vector.
    index: int = restricted(0, ge=0)
    value: float = restricted(0.0, ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)


def with_edit(edits: tuple[WeightEdit, ...], new: WeightEdit) -> tuple[WeightEdit, ...]:
    """Add an edit, replacing one of the same weight at the same epoch.

    Examples
    --------
    >>> with_edit((WeightEdit(0, 2, 1.5),), WeightEdit(0, 2, 2.0))
    (WeightEdit(epoch=0, index=2, value=2.0),)
    """
    others = [edit for edit in edits if (edit.epoch, edit.index) != (new.epoch, new.index)]
    return tuple(sorted([*others, new], key=lambda edit: edit.epoch))

"""Scene: all that the page can say about the data, the same for both networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from barenet.constraints import check_number
from barenet.playground.features import FEATURES
from barenet.playground.reading import check_choice, check_list, check_text, known_fields

__all__ = ["ALL_COLUMNS", "LEAST_SHARE", "MOST_SAMPLES", "MOST_SHARE", "Scene"]

#: What stands for every column of a table, instead of features of two of them.
ALL_COLUMNS = "all"

MOST_SAMPLES = 5000
#: Share of the rows that are test rows.
LEAST_SHARE, MOST_SHARE = 0.05, 0.95


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is learned from.

    Attributes
    ----------
    data : str
        A named data set; or ``table:`` or ``model:`` and the key of what the page has sent.
    rows : str
        ``table:`` and the key of the table that goes with a model; empty for what it was trained
        on, where that is at hand.
    samples : int
        Rows of a generated set.
    noise : float
        Standard deviation of a generated set's noise; below 0 for the usual one.
    data_seed : int
        Fixes a generated set's rows.
    test_size : float
        Share of the rows that are test rows.
    features : tuple of str
        What the network is given, names from `FEATURES`; or ``("all",)`` for every column.
    axes : tuple of str
        The two columns of the picture; empty for the first two.
    target : str
        Column of a table that is to be predicted; empty for its last.
    task : {"", "classification", "regression"}
        What the target is; empty for what its values say.

    Examples
    --------
    >>> Scene.read({"data": "xor", "noise": 0.5}).features
    ('x1', 'x2')
    """

    data: str = "circles"
    rows: str = ""
    samples: int = 500
    noise: float = -1.0
    data_seed: int = 0
    test_size: float = 0.5
    features: tuple[str, ...] = ("x1", "x2")
    axes: tuple[str, ...] = ()
    target: str = ""
    task: str = ""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Scene:
        """Check what a page says; what it leaves out has its default."""
        fields = known_fields(said, asdict(cls()), "data")
        return cls(**{name: CHECKS[name](value, name) for name, value in fields.items()})

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain data that `read` takes."""
        fields = asdict(self)
        return {n: list(v) if isinstance(v, tuple) else v for n, v in fields.items()}


def _check_features(value: Any, name: str) -> tuple[str, ...]:
    names = check_list(value, name, most=len(FEATURES))
    if names == [ALL_COLUMNS]:
        return (ALL_COLUMNS,)
    chosen = {check_choice(each, tuple(FEATURES), name) for each in names}
    if not chosen:
        raise ValueError(f"{name}: a network needs at least one input")
    return tuple(name for name in FEATURES if name in chosen)


def _check_axes(value: Any, name: str) -> tuple[str, ...]:
    return tuple(check_text(each, name) for each in check_list(value, name, most=2))


#: What makes sure of each field.
CHECKS: dict[str, Any] = {
    "data": check_text,
    "rows": check_text,
    "samples": lambda v, n: check_number(v, n, ge=20, le=MOST_SAMPLES, integer=True),
    "noise": lambda v, n: check_number(v, n, ge=-1, le=100),
    "data_seed": lambda v, n: check_number(v, n, ge=0, le=2**31, integer=True),
    "test_size": lambda v, n: check_number(v, n, ge=LEAST_SHARE, le=MOST_SHARE),
    "features": _check_features,
    "axes": _check_axes,
    "target": check_text,
    "task": lambda v, n: check_choice(v, ("", "classification", "regression"), n),
}

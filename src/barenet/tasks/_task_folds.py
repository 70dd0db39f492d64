"""The folds of a task: rows drawn at random, whole groups, or successive periods of time."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._messages import brief, count_of, in_a_line, some
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.population._cross_validation import Fold, check_fold
from barenet.population._out_of_fold import split_folds

#: Maximum number of classes without rows in a fold that a warning names.
MAX_NOTES = 5


def make_task_folds(dataset: Dataset, cv: Any, seed: int = 0) -> list[Fold]:
    """Split the rows of a data set into folds, as its keys require.

    A number of folds is drawn with the seed: each class is spread over all folds, and the rows of a
    group are in one fold. Rows with a time are split into successive periods instead.

    Examples
    --------
    >>> from barenet.datasets._dataset_loading import load_dataset
    >>> folds = make_task_folds(load_dataset("iris"), 3)
    >>> [(len(train), len(test)) for train, test in folds]
    [(100, 50), (100, 50), (100, 50)]
    """
    if cv is None or np.isscalar(cv):
        n_folds = int(check_number(cv, "cv", ge=2, integer=True))
        folds = _numbered_folds(dataset, n_folds, seed)
    else:
        folds = _given_folds(dataset, cv)
    if dataset.classes is not None:
        _warn_of_missing_classes(dataset.y, dataset.classes, folds)
    return folds


def _warn_of_missing_classes(
    y: NDArray[np.int64], classes: Sequence[str], folds: Sequence[Fold]
) -> None:
    """Warn of folds in which a class has no training rows, or no test rows."""
    present = np.unique(y)
    notes = []
    for index in present.tolist():
        untrained = []
        untested = []
        for number, (train, test) in enumerate(folds, 1):
            if not (y[train] == index).any():
                untrained.append(number)
            elif not (y[test] == index).any():
                untested.append(number)
        name = f"class {brief(classes[index])} with {count_of(int((y == index).sum()), 'row')}"
        if untrained:
            notes.append(f"no training rows of {name} in {_numbered(untrained)}")
        if untested:
            notes.append(f"no test rows of {name} in {_numbered(untested)}")
    if not notes:
        return
    text = "; ".join(notes[:MAX_NOTES])
    if len(notes) > MAX_NOTES:
        text += f"; and {len(notes) - MAX_NOTES} more"
    text += ": a model cannot predict a class that it was not trained on, and a score of a class "
    text += "without test rows is undefined or leaves it out"
    warnings.warn(text, stacklevel=caller_stacklevel())


def _numbered(numbers: Sequence[int]) -> str:
    """Name folds by their numbers.

    >>> _numbered([2]), _numbered([1, 3])
    ('fold 2', 'folds 1, 3')
    """
    listed = some([str(number) for number in numbers])
    return f"fold {listed}" if len(numbers) == 1 else f"folds {listed}"


def _numbered_folds(dataset: Dataset, n_folds: int, seed: int) -> list[Fold]:
    """Draw a number of folds at random or by groups, or make them of periods."""
    keys = dataset.split_keys
    if keys is not None and keys.dtype.kind == "f":
        return _folds_by_time(keys, n_folds)
    if keys is None:
        groups = np.arange(dataset.n_samples)
        noun = "row"
    else:
        groups = keys
        noun = "group"
    n_groups = len(np.unique(groups))
    if n_groups < n_folds:
        problem = f"{n_folds} folds are more than {count_of(n_groups, noun)}"
        raise ArgumentError(problem, argument="cv", remedy="take fewer folds")
    strata = None
    if dataset.classes is not None and dataset.stratify:
        strata = dataset.y
    numbers = split_folds(strata, groups, n_folds, np.random.RandomState(seed))
    folds = []
    for number in range(n_folds):
        is_test = numbers == number
        folds.append((np.flatnonzero(~is_test), np.flatnonzero(is_test)))
    return folds


def _folds_by_time(times: NDArray[np.float64], n_folds: int) -> list[Fold]:
    """Test each period but the first on a model of all earlier rows.

    The periods have about the same number of rows. The rows of a time are in one period, so that
    all training rows are earlier than the test rows.

    >>> _folds_by_time(np.array([3.0, 1.0, 1.0, 2.0]), 2)
    [(array([1, 2]), array([3])), (array([1, 2, 3]), array([0]))]
    """
    different, codes, counts = np.unique(times, return_inverse=True, return_counts=True)
    n_periods = n_folds + 1
    if len(different) < n_periods:
        problem = f"{n_folds} folds by time need {n_periods} different times in the column to "
        problem += f"split by, which has {len(different)}"
        raise ArgumentError(problem, argument="cv", remedy="take fewer folds")
    n_rows = np.cumsum(counts)  # until each time
    starts = []  # of the test periods, as numbers of earlier times
    start = 0
    for period in range(1, n_periods):
        wanted = period / n_periods * len(times)
        nearest = int(np.abs(n_rows - wanted).argmin()) + 1
        # A period has at least one time, and so have those after it.
        latest = len(different) - n_periods + period
        start = min(max(nearest, start + 1), latest)
        starts.append(start)
    ends = [*starts[1:], len(different)]  # each period ends where the next one starts
    folds = []
    for start, end in zip(starts, ends, strict=True):
        is_earlier = codes < start
        is_test = (codes >= start) & (codes < end)
        folds.append((np.flatnonzero(is_earlier), np.flatnonzero(is_test)))
    return folds


def _given_folds(dataset: Dataset, cv: Any) -> list[Fold]:
    """Make the folds of a splitter of scikit-learn, or check pairs of indices."""
    from sklearn.model_selection import check_cv

    n_rows = dataset.n_samples
    keys = dataset.split_keys
    order = np.arange(n_rows)
    groups = None
    if keys is not None and keys.dtype.kind != "f":
        groups = keys
    elif keys is not None and hasattr(cv, "split"):
        order = np.argsort(keys, kind="stable")  # a splitter expects rows in the order of time
    try:
        splitter = check_cv(cv, dataset.y, classifier=dataset.classes is not None)
        with warnings.catch_warnings():
            # A fold of a splitter that ignores them is refused if it divides a group.
            warnings.filterwarnings("ignore", "The groups parameter is ignored")
            pairs = list(splitter.split(np.zeros((n_rows, 1)), dataset.y[order], groups))
    except (TypeError, ValueError) as error:
        problem = in_a_line(error).rstrip(".")
        remedy = "pass a number of folds, a splitter of scikit-learn, or pairs of row indices"
        if "groups" in problem:
            remedy = "name the column of the groups by split_by_group"
        raise ArgumentError(problem, argument="cv", value=cv, remedy=remedy) from error
    if not pairs:
        raise ArgumentError.of("cv", cv, "one fold or more")
    folds = []
    for number, pair in enumerate(pairs, 1):
        train, test = check_fold(number, pair, n_rows, None)
        if groups is not None:
            _refuse_divided_groups(number, groups[train], groups[test])
        folds.append((order[train], order[test]))
    return folds


def _refuse_divided_groups(
    number: int, training_groups: NDArray[Any], test_groups: NDArray[Any]
) -> None:
    """Reject a fold that has some rows of a group for training and others for the test."""
    divided = np.intersect1d(training_groups, test_groups)
    if len(divided):
        problem = f"fold {number} has rows of the group {str(divided[0])!r} both for training and "
        problem += "for the test"
        remedy = "pass a number of folds, or a splitter such as GroupKFold(5)"
        raise ArgumentError(problem, argument="cv", remedy=remedy)

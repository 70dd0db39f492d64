"""Block order: the order of the rows in an epoch, computed group by group.

Blocks are shuffled and joined into groups, and rows are shuffled within each group. Thus only a few
parts of a file are needed at a time, and no list of all rows. The order is a function of the seed
and the epoch, so a run can be resumed in the middle of an epoch.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


class BlockOrder:
    """Row indices, whose slices are computed when they are needed.

    Parameters
    ----------
    lengths : sequence of int
        Number of rows of each block; blocks lie one after the other.
    seed : int or None
        Determines the order, together with the epoch; without a seed, rows are not shuffled.
    epoch : int
        Number of the epoch, counted from 0.
    group_rows : int
        Minimum number of rows of a group, which joins as many blocks as it needs.
    prepare : callable
        Called with the blocks of a group and of the next group, if any, before the rows of the
        group are visited.

    Examples
    --------
    >>> order = BlockOrder((3, 2, 2), seed=0, epoch=0, group_rows=4)
    >>> [group.tolist() for group in order.groups], order[:].tolist(), order[2:5].tolist()
    ([[1, 2], [0]], [6, 3, 4, 5, 2, 1, 0], [4, 5, 2])
    """

    def __init__(
        self,
        lengths: Sequence[int],
        seed: int | None,
        epoch: int,
        group_rows: int,
        prepare: Callable[..., None] = lambda *groups: None,
    ) -> None:
        self.prepare = prepare
        #: The key of the random numbers; None if nothing is shuffled.
        self.key: list[int] | None = None
        if seed is not None:
            self.key = [seed, epoch]
        self.first_rows = np.cumsum([0, *lengths])
        blocks = self._shuffle(np.arange(len(lengths)), 0)
        ends = np.cumsum(np.array(lengths)[blocks])
        starts = [0]
        for end in ends.tolist():
            n_rows = end - starts[-1]
            is_last = end == ends[-1]
            if n_rows >= group_rows or is_last:
                starts.append(end)
        n_blocks_before = 1 + np.searchsorted(ends, starts[1:-1])
        self.groups = np.split(blocks, n_blocks_before)
        #: Positions of the first rows of the groups, and the end position.
        self.starts = starts
        #: The group whose rows were computed last, and its rows.
        self.current = -1
        self.rows = blocks[:0]

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, positions: slice) -> NDArray[np.intp]:
        start, stop, _ = positions.indices(len(self))
        parts = [self.rows[:0]]
        first_group = bisect_right(self.starts, start) - 1
        end_group = bisect_left(self.starts, stop)
        for number in range(first_group, end_group):
            first = self.starts[number]
            rows = self._rows_of(number)
            first_of_group = max(start - first, 0)
            end_of_group = stop - first
            parts.append(rows[first_of_group:end_of_group])
        return np.concatenate(parts)

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[np.intp]:
        return self[:]

    def _rows_of(self, number: int) -> NDArray[np.intp]:
        """Return the rows of a group, which are kept until those of another are computed."""
        if number != self.current:
            group = self.groups[number].tolist()
            if number + 1 < len(self.groups):
                # Pass the next group, too, so that its blocks can be read ahead.
                self.prepare(group, self.groups[number + 1].tolist())
            else:
                self.prepare(group)
            rows = []
            for block in group:
                first = self.first_rows[block]
                end = self.first_rows[block + 1]
                rows.append(np.arange(first, end))
            self.rows = self._shuffle(np.concatenate(rows), number + 1)
            self.current = number
        return self.rows

    def _shuffle(self, values: NDArray[np.intp], number: int) -> NDArray[np.intp]:
        """Shuffle the blocks of the epoch (number 0), or the rows of a group (numbers from 1)."""
        if self.key is None:
            return values
        # Each number has its own random numbers: the last word of the counter is the highest, and
        # the others are never used up.
        bits = np.random.Philox(key=self.key, counter=[0, 0, 0, number])
        return np.random.Generator(bits).permutation(values)

"""Block order: the order of rows that are read block by block.

It is a function of the seed and the epoch, so that a run can be resumed in the middle of an epoch,
and no number of a row is held in memory before its block is read.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Positions:
    """A range of positions in the order of an epoch; epoch None is the order without a shuffle."""

    start: int
    stop: int
    epoch: int | None

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, part: slice) -> "Positions":
        start, stop, _ = part.indices(len(self))
        return replace(self, start=self.start + start, stop=self.start + stop)


@dataclass(frozen=True)
class BlockOrder:
    """Blocks in a new order in each epoch, joined to groups whose rows are shuffled.

    Parameters
    ----------
    lengths : tuple of int
        Number of rows of each block.
    seed : int
        Decides the order of each epoch.
    group_rows : int
        Rows of a group: as many blocks as reach them are joined.

    Examples
    --------
    >>> order = BlockOrder((3, 2, 2), seed=0, group_rows=4)
    >>> [group.tolist() for group in order.groups(None)], order.rows(None, 0, 5).tolist()
    ([[0, 1], [2]], [0, 1, 2, 3, 4])
    >>> [group.tolist() for group in order.groups(0)], order.rows(0, 0, 4).tolist()
    ([[1, 2], [0]], [3, 0, 1, 2])
    """

    lengths: tuple[int, ...]
    seed: int
    group_rows: int

    def groups(self, epoch: int | None) -> list[NDArray[np.intp]]:
        """Numbers of the blocks of each group."""
        blocks = np.arange(len(self.lengths))
        if epoch is not None:
            blocks = self._generator(epoch, 0).permutation(blocks)
        first_rows = np.cumsum([0, *np.array(self.lengths)[blocks][:-1]])
        ends, start = list[int](), 0
        for number, first_row in enumerate(first_rows):
            if first_row - start >= self.group_rows:
                ends.append(number)
                start = first_row
        return np.split(blocks, ends)

    def starts(self, epoch: int | None) -> NDArray[np.intp]:
        """Positions of the first rows of the groups, and of the end."""
        n_rows = [sum(self.lengths[block] for block in group) for group in self.groups(epoch)]
        return np.cumsum([0, *n_rows])

    def rows(self, epoch: int | None, group: int, n_rows: int) -> NDArray[np.intp]:
        """The order of the rows of a group, numbered in the order of its blocks."""
        if epoch is None:
            return np.arange(n_rows)
        return self._generator(epoch, group + 1).permutation(n_rows)

    def _generator(self, epoch: int, number: int) -> np.random.Generator:
        """Random numbers for the blocks of an epoch, 0, or the rows of a group, from 1."""
        key, counter = [self.seed, epoch], [0, 0, 0, number]
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

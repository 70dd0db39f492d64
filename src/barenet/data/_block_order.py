"""Block order: the order of rows that are read block by block.

It is a function of the seed and the epoch, so that a run can be resumed in the middle of an epoch,
and no number of a row is held in memory before its block is read. A batch is a range of positions,
which are counted on from one epoch to the next; below 0 they are of epoch -1, without a shuffle.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def epoch_positions(n_rows: int, epoch: int) -> range:
    """The positions of all rows in an epoch."""
    return range(n_rows * epoch, n_rows * (epoch + 1))


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
    >>> [group.tolist() for group in order.groups(-1)], order.rows(-1, 0, 5).tolist()
    ([[0, 1], [2]], [0, 1, 2, 3, 4])
    >>> [group.tolist() for group in order.groups(0)], order.rows(0, 0, 4).tolist()
    ([[1, 2], [0]], [3, 0, 1, 2])
    """

    lengths: tuple[int, ...]
    seed: int
    group_rows: int

    def groups(self, epoch: int) -> list[NDArray[np.intp]]:
        """Numbers of the blocks of each group."""
        blocks = np.arange(len(self.lengths))
        if epoch >= 0:
            blocks = self._generator(epoch, 0).permutation(blocks)
        first_rows = np.cumsum([0, *np.array(self.lengths)[blocks][:-1]])
        ends, start = list[int](), 0
        for number, first_row in enumerate(first_rows):
            if first_row - start >= self.group_rows:
                ends.append(number)
                start = first_row
        return np.split(blocks, ends)

    def starts(self, epoch: int) -> NDArray[np.intp]:
        """Positions of the first rows of the groups, and of the end."""
        n_rows = [sum(self.lengths[block] for block in group) for group in self.groups(epoch)]
        return np.cumsum([0, *n_rows])

    def rows(self, epoch: int, group: int, n_rows: int) -> NDArray[np.intp]:
        """The order of the rows of a group, numbered in the order of its blocks."""
        if epoch < 0:
            return np.arange(n_rows)
        return self._generator(epoch, group + 1).permutation(n_rows)

    def _generator(self, epoch: int, number: int) -> np.random.Generator:
        """Random numbers for the blocks of an epoch, 0, or the rows of a group, from 1."""
        key, counter = [self.seed, epoch], [0, 0, 0, number]
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

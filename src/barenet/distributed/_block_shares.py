"""Block shares: the rows of a batch in each block, and a fixed order for adding up blocks.

Both depend only on the blocks, so that a step has the same bits on any number of workers.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from barenet.model._randomness import epoch_orders

#: The sums of ranges of blocks, by the first block and the end of the range.
Sums = dict[tuple[int, int], NDArray[np.floating]]


@dataclass(frozen=True)
class BlockShares:
    """Batches that take the same fraction of each block. Rows are shuffled within blocks.

    Parameters
    ----------
    lengths : tuple of int
        Number of rows of each block.
    seed : int
        Determines the order of the rows.

    Examples
    --------
    >>> shares = BlockShares((4, 2), seed=0)
    >>> [shares.counts(position).tolist() for position in range(7)]
    [[0, 0], [0, 1], [1, 1], [2, 1], [2, 2], [3, 2], [4, 2]]
    """

    lengths: tuple[int, ...]
    seed: int

    @cached_property
    def n_rows(self) -> int:
        """Number of rows of all blocks."""
        return sum(self.lengths)

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.array(self.lengths, np.int64)

    @cached_property
    def _first_rows(self) -> NDArray[np.int64]:
        ends = np.cumsum(self._lengths)
        return ends - self._lengths

    def _rounded_shares(self, place: int) -> NDArray[np.int64]:
        """Return the share of each block in the rows before a place, rounded down.

        A different fraction is added for each block before, so that blocks of equal length grow in
        turn.
        """
        return (self._lengths * place + self._first_rows) // self.n_rows

    def _n_rows_in_shares(self, place: int) -> int:
        return int(self._rounded_shares(place).sum())

    def counts(self, position: int) -> NDArray[np.int64]:
        """Return the rows of each block before a position in an epoch: its share, rounded."""
        # The first place at which the rounded shares have as many rows as the position, or more.
        place = bisect_left(range(self.n_rows), position, key=self._n_rows_in_shares)
        counts = self._rounded_shares(place)
        has_grown = counts > self._rounded_shares(place - 1)
        grown = np.flatnonzero(has_grown)
        # If blocks differ in length, several may grow at once; the last ones are delayed.
        n_surplus = int(counts.sum()) - position
        n_on_time = len(grown) - n_surplus
        delayed = grown[n_on_time:]
        counts[delayed] -= 1
        return counts

    def order(self, epoch: int, block: int) -> NDArray[np.intp]:
        """Return the order of the rows of a block; epoch -1 is not shuffled."""
        length = self.lengths[block]
        if epoch < 0:
            return np.arange(length)
        # A seed of a user has 32 bits, so each block gets another one by its higher bits.
        seed_of_block = self.seed + (block + 1) * 2**32
        [order] = epoch_orders(length, seed_of_block, [epoch])
        return order


def add_up(sums: Sums, start: int, stop: int) -> None:
    """Add up the halves of a range of blocks, recursively, where both sums are present.

    The sum of two halves is stored in the array of the first.

    Examples
    --------
    >>> sums = {(number, number + 1): np.array([10.0**number]) for number in (0, 1, 3)}
    >>> add_up(sums, 0, 4)
    >>> sums
    {(3, 4): array([1000.]), (0, 2): array([11.])}
    """
    if stop - start < 2 or (start, stop) in sums:
        return
    middle = (start + stop) // 2
    first = (start, middle)
    second = (middle, stop)
    add_up(sums, *first)
    add_up(sums, *second)
    if first in sums and second in sums:
        total = sums.pop(first)
        total += sums.pop(second)
        sums[start, stop] = total

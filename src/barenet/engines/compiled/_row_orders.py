"""Row orders: the shuffles of many epochs in one call of machine code.

For a small data set, NumPy's generator takes much longer to be keyed and called than to shuffle,
and hands the lock of the interpreter to another thread each time.
"""

from collections.abc import Sequence

import llvmlite.ir as ir
import numpy as np
from numba import types
from numpy.typing import NDArray

from barenet.engines.compiled._workspace import address
from barenet.engines.kernels._kernel import entry
from barenet.engines.kernels._records import record
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._llvm import INT, operation
from barenet.engines.simd._views import array, record_at

#: Sizes and addresses; `words` has room for the 8 numbers of 32 bits that Philox computes at once.
ORDERS = record("n_rows seed n_epochs epochs orders words")

#: The constants of Philox4x64 with 10 rounds: Salmon et al., "Parallel random numbers: as easy as
#: 1, 2, 3" (2011).
MULTIPLIER_1, MULTIPLIER_2 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
WEYL_1, WEYL_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)

orders_at = record_at(ORDERS)


def row_orders(n_rows: int, seed: int, epochs: Sequence[int]) -> NDArray[np.intp]:
    """Order the rows for each epoch, as `epoch_orders` does with NumPy."""
    orders, words = np.empty((len(epochs), n_rows), np.intp), np.empty(4, np.uint64)
    numbers = np.array(epochs, np.int64)
    places = map(address, (numbers, orders, words))
    given = np.array((n_rows, seed, len(epochs), *places), ORDERS)
    order_rows(address(given))
    return orders


@entry
def order_rows(address):
    """Shuffle the rows for each epoch of the record at an address."""
    given = orders_at(address, 0)
    epochs = array(np.int64, given.epochs, 0, given.n_epochs)
    for index in range(given.n_epochs):
        order = array(np.int64, given.orders, index * given.n_rows, given.n_rows)
        shuffle(order, given.words, np.uint64(given.seed), np.uint64(epochs[index]))


@compiled
def shuffle(order, place, key_1, key_2):
    """Fisher and Yates's shuffle as in NumPy: a number of too many bits is drawn again."""
    words, n_drawn, mask = array(np.uint32, place, 0, 8), 0, 2**32 - 1
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        while mask >> 1 >= i:
            mask >>= 1
        j = i + 1
        while j > i:
            if n_drawn % 8 == 0:
                draw(place, np.uint64(n_drawn // 8 + 1), key_1, key_2)
            j = np.int64(words[n_drawn % 8]) & mask
            n_drawn += 1
        order[i], order[j] = order[j], order[i]


@compiled
def draw(place, counter, key_1, key_2):
    """Four numbers of 64 bits, as a function of the counter and of two keys."""
    numbers = array(np.uint64, place, 0, 4)
    a, b, c, d = counter, np.uint64(0), np.uint64(0), np.uint64(0)
    for _ in range(10):
        a, b, c, d = (
            high_product(MULTIPLIER_2, c) ^ b ^ key_1, MULTIPLIER_2 * c,
            high_product(MULTIPLIER_1, a) ^ d ^ key_2, MULTIPLIER_1 * a,
        )  # fmt: skip
        key_1, key_2 = key_1 + WEYL_1, key_2 + WEYL_2
    numbers[0], numbers[1], numbers[2], numbers[3] = a, b, c, d


@operation(lambda a, b: types.uint64(types.uint64, types.uint64))
def high_product(builder, a, b):
    """The upper half of the product of two numbers of 64 bits."""
    wide = ir.IntType(128)
    product = builder.mul(builder.zext(a, wide), builder.zext(b, wide))
    return builder.trunc(builder.lshr(product, wide(64)), INT)

"""Row orders: the shuffles of many epochs in one call of machine code.

For a small data set, keying and calling NumPy's generator takes much longer than the shuffle, and
each call passes the interpreter lock to another thread.
"""

from collections.abc import Sequence

import llvmlite.ir as ir
import numpy as np
from numba import types
from numpy.typing import NDArray

from barenet.engines.kernels._kernel import entry
from barenet.engines.kernels._records import address, record
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._llvm import INT, operation
from barenet.engines.simd._views import array, record_at

#: Sizes and addresses; `words` has room for the 8 numbers of 32 bits that Philox computes at once.
ORDERS = record(["n_rows", "seed", "n_epochs", "epochs", "orders", "words"])
N_FIELDS = len(ORDERS)
#: Numbers of 64 bits that Philox computes at once.
N_WORDS = 4

#: The constants of Philox4x64 with 10 rounds: Salmon et al., "Parallel random numbers: as easy as
#: 1, 2, 3" (2011).
MULTIPLIER_1 = np.uint64(0xD2E7470EE14C6C93)
MULTIPLIER_2 = np.uint64(0xCA5A826395121157)
WEYL_1 = np.uint64(0x9E3779B97F4A7C15)
WEYL_2 = np.uint64(0xBB67AE8584CAA73B)

orders_at = record_at(ORDERS)


def row_orders(n_rows: int, seed: int, epochs: Sequence[int]) -> NDArray[np.intp]:
    """Order the rows for each epoch, as `epoch_orders` does with NumPy."""
    n_epochs = len(epochs)
    orders = np.empty((n_epochs, n_rows), np.intp)
    # One block has the request, the words and the epochs, as its address takes time to find.
    block = np.empty(N_FIELDS + N_WORDS + n_epochs, np.int64)
    place = address(block)
    words = place + N_FIELDS * block.itemsize
    numbers = words + N_WORDS * block.itemsize
    block[:N_FIELDS] = (n_rows, seed, n_epochs, numbers, address(orders), words)
    block[N_FIELDS + N_WORDS :] = epochs
    order_rows(place)
    return orders


@entry
def order_rows(address):
    """Shuffle the rows for each epoch of the record at an address."""
    request = orders_at(address, 0)
    n_rows = request.n_rows
    epochs = array(np.int64, request.epochs, 0, request.n_epochs)
    for index in range(request.n_epochs):
        order = array(np.int64, request.orders, index * n_rows, n_rows)
        epoch = np.uint64(epochs[index])
        shuffle(order, request.words, np.uint64(request.seed), epoch)


@compiled
def shuffle(order, place, key_1, key_2):
    """Shuffle like NumPy, by Fisher and Yates: numbers out of range are drawn again."""
    words = array(np.uint32, place, 0, 8)
    n_drawn = 0
    mask = 2**32 - 1
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        while (mask >> 1) >= i:  # the mask has as many bits as i, the largest index
            mask >>= 1
        j = i + 1
        while j > i:
            if n_drawn % 8 == 0:
                counter = np.uint64(n_drawn // 8 + 1)
                draw(place, counter, key_1, key_2)
            j = np.int64(words[n_drawn % 8]) & mask
            n_drawn += 1
        order[i], order[j] = order[j], order[i]


@compiled
def draw(place, counter, key_1, key_2):
    """Compute four 64-bit numbers as a function of the counter and of two keys."""
    numbers = array(np.uint64, place, 0, 4)
    a = counter
    b = np.uint64(0)
    c = np.uint64(0)
    d = np.uint64(0)
    for _ in range(10):
        low_a = MULTIPLIER_1 * a
        high_a = high_product(MULTIPLIER_1, a)
        low_c = MULTIPLIER_2 * c
        high_c = high_product(MULTIPLIER_2, c)
        a = high_c ^ b ^ key_1
        b = low_c
        c = high_a ^ d ^ key_2
        d = low_a
        key_1 = key_1 + WEYL_1
        key_2 = key_2 + WEYL_2
    numbers[0] = a
    numbers[1] = b
    numbers[2] = c
    numbers[3] = d


@operation(lambda a, b: types.uint64(types.uint64, types.uint64))
def high_product(builder, a, b):
    """Compute the upper half of the product of two 64-bit numbers."""
    wide = ir.IntType(128)
    wide_a = builder.zext(a, wide)
    wide_b = builder.zext(b, wide)
    product = builder.mul(wide_a, wide_b)
    return builder.trunc(builder.lshr(product, wide(64)), INT)

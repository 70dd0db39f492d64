"""JAX once more, for steps that are so small that the loop around them counts.

`unroll` is an option of `lax.scan` that few of its users know; of 2, 4 and 8, 4 was the fastest.
"""

from benchmarks.peers.with_jax import Jax


class Unrolled(Jax):
    """Four steps are compiled in a row."""

    unroll = 4


#: The job of each task.
JOBS = {"epoch": Unrolled}

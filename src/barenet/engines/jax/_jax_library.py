"""JAX itself, which is imported when the engine is first used, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from barenet._extras import require

#: The modules of JAX by their names here: ``jax_library.jnp`` imports ``jax.numpy``.
MODULES = {
    "jax": "jax",
    "jnp": "jax.numpy",
    "special": "jax.scipy.special",
    "serialization": "jax.experimental.serialize_executable",
}


def __getattr__(name: str) -> Any:
    """Import a module of JAX at the first use of its name."""
    if name not in MODULES:
        raise AttributeError(name)
    module = require(MODULES[name], extra="jax", purpose="the engine 'jax'")
    globals()[name] = module
    return module


@contextmanager
def wide_types() -> Iterator[None]:
    """Allow types of 64 bits in this thread, and leave JAX's setting for others as it is.

    Networks of float64 need them, and so do the keys of the random numbers.
    """
    jax = __getattr__("jax")
    with jax.enable_x64(True):
        yield

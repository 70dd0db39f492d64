"""JAX itself, which is imported when the engine is first used, and nowhere else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from barenet._extras import require
from barenet.errors import ArgumentError

#: The modules of JAX by their names here: ``jax_library.jnp`` imports ``jax.numpy``.
MODULES = {
    "jax": "jax",
    "jnp": "jax.numpy",
    "special": "jax.scipy.special",
}


def __getattr__(name: str) -> Any:
    """Import a module of JAX at the first use of its name."""
    if name not in MODULES:
        raise AttributeError(name)
    module = require(MODULES[name], extra="jax", purpose="the engine 'jax'")
    globals()[name] = module
    return module


def first_device() -> Any:
    """Return the device that programs run on: the first one that JAX finds."""
    return devices()[0]


def devices() -> list[Any]:
    """Return the devices that JAX finds, of which there is at least one.

    Raises
    ------
    ArgumentError
        If JAX finds none, such as no GPU where JAX_PLATFORMS asks for one.
    MissingExtraError
        If JAX is not installed.
    """
    jax = __getattr__("jax")
    try:
        jax_devices: list[Any] = jax.devices()
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        problem = "JAX finds no device"
        platforms = os.environ.get("JAX_PLATFORMS", "")
        if platforms:
            problem += f" with JAX_PLATFORMS={platforms}"
        if reason:
            problem += f" ({reason})"
        remedy = "install the package of JAX for the device, or leave JAX_PLATFORMS unset"
        raise ArgumentError(problem, argument="engine", value="jax", remedy=remedy) from None
    return jax_devices


@contextmanager
def settings(precision: str = "highest") -> Iterator[None]:
    """Set the precision of products and allow types of 64 bits, in this thread.

    Networks of float64 need these types, and so do the keys of the random numbers.
    """
    jax = __getattr__("jax")
    with jax.enable_x64(True), jax.default_matmul_precision(precision):
        yield

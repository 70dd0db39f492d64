"""Compiled programs: once for a structure of networks and for the shapes of the arrays.

They are kept in the process, and on disk beside the kernels of the compiled engine. JAX has a cache
of its own, but its folder is a setting for the whole process, which belongs to the user.
"""

import hashlib
import os
import platform
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from barenet.engines.jax import _jax_library as library

#: The programs of this process by structures and shapes.
PROGRAMS: dict[tuple[Any, ...], Callable[..., Any]] = {}

#: Held while a thread traces, loads or compiles, so that no other does the same work.
LOCK = threading.RLock()


def program_of(
    structure: tuple[Any, ...], make_function: Callable[[], Callable[..., Any]], *arguments: Any
) -> Callable[..., Any]:
    """Return the program of a function for arguments of these types and shapes.

    The structure is everything else that the function depends on.
    """
    leaves, tree = library.jax.tree.flatten(arguments)
    types = [(leaf.shape, leaf.dtype.name) for leaf in leaves]
    key = (structure, str(tree), tuple(types))
    with LOCK:
        if key not in PROGRAMS:
            lowered = library.jax.jit(make_function()).lower(*arguments)
            PROGRAMS[key] = _compile_or_load(lowered)
        return PROGRAMS[key]


def _compile_or_load(lowered: Any) -> Callable[..., Any]:
    """Load the program from the disk, or compile and save it."""
    paths = _paths_of(lowered)
    for path in paths:
        program = _load(path, lowered)
        if program is not None:
            return program
    compiled: Callable[..., Any] = lowered.compile()
    if paths:
        _save(paths[-1], compiled)
    return compiled


def _paths_of(lowered: Any) -> list[Path]:
    """List the files that may hold a program, for its code, JAX, the device and the processor."""
    try:
        from barenet.engines._kernel_cache import paths_of
    except ImportError:  # without Numba there is no folder for kernels
        return []
    jax = library.jax
    device = library.first_device()
    digest = hashlib.sha256(lowered.as_text().encode()).hexdigest()
    key = (
        digest,
        jax.__version__,
        device.platform,
        device.device_kind,
        str(device.client.platform_version),
        os.environ.get("XLA_FLAGS", ""),
        *_processor(device.platform),
    )
    return paths_of(program_of, key)


def _processor(kind: str) -> tuple[str, ...]:
    """Describe the processor, whose instructions a program for it contains."""
    if kind != "cpu":
        return ()
    from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

    return platform.machine(), get_host_cpu_name(), get_host_cpu_features().flatten()


def _load(path: Path, lowered: Any) -> Callable[..., Any] | None:
    """Read a program; None if there is no intact file, or this device can't run it."""
    from barenet.engines._kernel_cache import load

    content = load(path)
    if content is None:
        return None
    with suppress(library.jax.errors.JaxRuntimeError, ValueError):
        program: Callable[..., Any] = library.serialization.deserialize_and_load(
            content,
            lowered.in_tree,
            lowered.out_tree,
            execution_devices=library.jax.devices()[:1],
        )
        return program
    return None


def _save(path: Path, compiled: Any) -> None:
    """Write a program, where JAX can write one for this device."""
    from barenet.engines._kernel_cache import save

    with suppress(ValueError, NotImplementedError, library.jax.errors.JaxRuntimeError):
        content, _, _ = library.serialization.serialize(compiled)
        save(path, content)

"""``barenet doctor``: check the installation on this machine, and advise how to improve it."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import numpy as np

import barenet
from barenet._extras import EXTRAS
from barenet._progress_bar import progress_bar
from barenet.cli._console import emit, emit_json, emit_table
from barenet.cli._flags import Off
from barenet.cli._score_tables import emit_paragraph
from barenet.engines import ENGINES, ReferenceEngine, is_jax
from barenet.engines._threads import allowed_cores, choose_threads
from barenet.engines.compiled._compiled_engine import has_numba
from barenet.engines.jax._jax_library import devices
from barenet.errors import ArgumentError, BarenetError, MissingExtraError

#: Kernels of OpenBLAS that use AVX-512.
AVX512_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")

WITHOUT_NUMBA = "Numba is not installed, so the slower reference engine does the work"

PACKAGES = ("numpy", "scipy", "scikit-learn", "cyclopts", "rich", "numba")

#: The program of NVIDIA's driver that lists GPUs, and its options for a line with the name of each.
NVIDIA_SMI = "nvidia-smi"
OPTIONS = ("--query-gpu=name,memory.total", "--format=csv,noheader")

#: Longest time in seconds that the program may take; it waits for a GPU that does not answer.
PATIENCE = 10.0


def doctor(*, warm: Off = False, json: Off = False) -> None:
    """Check the installation, and advise how to improve it.

    Parameters
    ----------
    warm : bool
        Instead, build all kernels of the compiled engine that are not cached yet, so that training
        never has to wait for them.
    json : bool
        Print JSON, for programs.
    """
    findings = build_kernels() if warm else examine()
    if json:
        emit_json(findings)
    elif warm:
        emit("{kernels} kernels, {built} built in {seconds:.1f} s, in {folder}".format(**findings))
    else:
        advice = findings.pop("advice")
        rows = []
        for name, value in findings.items():
            words = name.replace("_", " ")
            rows.append([words, _format(value)])
        emit_table(["item", "value"], rows)
        for text in advice:
            emit_paragraph(text)
        emit_paragraph("Ready; the advice above is optional." if advice else "Ready.")


def _format(value: Any) -> str:
    """Write a cell of the table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_format(entry)}" for name, entry in value.items())
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return " ".join(value)
    return str(value)


def examine() -> dict[str, Any]:
    """Examine the machine."""
    versions = {package: _version(package) for package in PACKAGES}
    extras = {name: _version(module) for name, module in EXTRAS.items()}
    findings = {
        "barenet": barenet.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        **versions,
        **_compiled_engine(),
        "blas": _blas(),
        "gpus": list_gpus(),
        "jax_devices": list_jax_devices(),
        "cores": {"machine": os.cpu_count(), "allowed": allowed_cores()},
        "extras": extras,
    }
    return {**findings, "advice": list(_advice(findings))}


def _compiled_engine() -> dict[str, Any]:
    """Describe the engines, with the processor and the folder of the compiled one, if any."""
    if not has_numba():
        return {
            "engines": [ReferenceEngine.name],
            "processor": platform.machine(),
            "compiled_for": None,
            "vector_width": None,
            "threads": {"most": 1},
            "kernel_folder": None,
        }
    from llvmlite.binding import get_host_cpu_name

    from barenet.engines.simd._processor import vector_bits
    from barenet.engines.simd._processor_name import compiled_for

    return {
        "engines": _engines(),
        "processor": get_host_cpu_name(),
        "compiled_for": compiled_for(),
        "vector_width": f"{vector_bits()} bits",
        "threads": {"most": choose_threads(None, sys.maxsize)},
        "kernel_folder": kernel_folder(),
    }


def _engines() -> list[str]:
    """List the engines that can run here: that of JAX, if it is installed."""
    if _version(EXTRAS["jax"]) is None:
        return [name for name in ENGINES if not is_jax(name)]
    return list(ENGINES)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _blas() -> dict[str, Any]:
    """Return the library of NumPy's matrix products, and the kernel that it has chosen."""
    from threadpoolctl import threadpool_info

    for library in threadpool_info():
        if library["user_api"] == "blas":
            return {
                "library": library.get("internal_api"),
                "version": library.get("version"),
                "kernel": library.get("architecture"),
                "threads": library.get("num_threads"),
            }
    return {}


def _advice(findings: dict[str, Any]) -> Iterator[str]:
    """Advise how to improve the installation."""
    if has_numba():
        yield from _advice_on_kernels(findings["blas"])
    else:
        yield f"{WITHOUT_NUMBA}; pip install numba, where there is a wheel of it."
    yield from advice_on_jax()
    gpus = findings["gpus"]
    if gpus and set(findings["jax_devices"]) <= {"cpu"}:
        remedy = "leave JAX_PLATFORMS unset, and pip install 'jax[cuda13]'"
        yield f"{gpus[0]}: engine='jax' would train on it, but JAX doesn't find it; {remedy}."


def _advice_on_kernels(blas: dict[str, Any]) -> Iterator[str]:
    """Advise on the kernels of the compiled engine and of BLAS."""
    from barenet.engines._kernel_cache import REFUSED
    from barenet.engines.simd._processor import widest_bits

    for text in REFUSED.values():
        yield f"{text[0].upper()}{text[1:]}."
    library = blas.get("library")
    kernel = blas.get("kernel")
    if widest_bits() == 512 and library == "openblas" and kernel not in AVX512_KERNELS:
        unused = f"OpenBLAS does not use this processor's AVX-512 with its {kernel} kernel"
        yield f"{unused}: set OPENBLAS_CORETYPE=SkylakeX before Python starts."


def list_gpus() -> list[str]:
    """List the NVIDIA GPUs, each with its memory, such as "NVIDIA H100, 81559 MiB"."""
    program = shutil.which(NVIDIA_SMI)
    if program is None:
        return []
    try:
        listed = subprocess.run(
            [program, *OPTIONS], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):  # there is a driver, but no GPU that it can use
        return []
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]


def list_jax_devices() -> list[str]:
    """List the kinds of the devices that JAX finds, with the one that it trains on first.

    The list is empty if JAX is not installed, or finds no device.
    """
    try:
        jax_devices = devices()
    except (ArgumentError, MissingExtraError):
        return []
    return [device.device_kind for device in jax_devices]


def advice_on_jax() -> list[str]:
    """Advise what to do if JAX is installed, and finds no device."""
    try:
        devices()
    except MissingExtraError:
        return []
    except ArgumentError as error:
        return [f"{error.problem}: {error.remedy}."]
    return []


def kernel_folder() -> str | None:
    """Return the folder of the cached kernels."""
    from barenet.engines._kernel_cache import folders_of
    from barenet.engines.kernels._kernel import kernel

    folders = folders_of(kernel)
    return str(folders[-1]) if folders else None


def build_kernels() -> dict[str, Any]:
    """Build every kernel that is not cached yet, with a progress bar on a terminal."""
    if not has_numba():
        raise BarenetError(f"there are no kernels to build: {WITHOUT_NUMBA}")
    from barenet.engines._kernel_cache import ADVICE

    folder = kernel_folder()
    start = time.perf_counter()
    if folder is None:
        raise BarenetError(f"there is no folder to keep kernels in; {ADVICE}")
    builders = _builders()
    built_before = _count_built()
    for build in progress_bar(builders, "kernels"):
        build()
    return {
        "kernels": len(builders),
        "built": _count_built() - built_before,
        "seconds": round(time.perf_counter() - start, 3),
        "folder": folder,
    }


def _builders() -> list[Callable[[], object]]:
    # These import every module with kernels.
    import barenet.engines.compiled._kernel_program
    import barenet.engines.kernels._row_orders  # noqa: F401
    from barenet.engines.kernels._kernel import every_kernel
    from barenet.engines.simd._views import kernel_spec

    single = kernel_spec(np.dtype("float32"))
    double = kernel_spec(np.dtype("float64"))
    return list(every_kernel(single, double))


def _count_built() -> int:
    """Count the kernels that this process did not find in the cache."""
    from barenet.engines.kernels._kernel import ENTRIES, KERNELS

    functions: list[Any] = [*KERNELS, *ENTRIES]
    return sum(function.code.n_compiled for function in functions)

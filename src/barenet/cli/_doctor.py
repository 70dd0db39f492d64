"""``barenet doctor``: the installation on this machine, and advice on how to improve it."""

import functools
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import barenet
from barenet._extras import EXTRAS
from barenet.cli._console import emit, emit_json, emit_table, progress_bar
from barenet.cli._flags import Off
from barenet.cli._scores import emit_paragraph
from barenet.data._images import DATA_VARIABLE
from barenet.engines import ENGINES
from barenet.engines._threads import allowed_cores, choose_threads, load_tbb
from barenet.errors import BarenetError

#: Kernels of OpenBLAS that use AVX-512.
AVX512_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")

CACHE_ADVICE = "set NUMBA_CACHE_DIR to a folder that can be written to"

PACKAGES = ("numpy", "scipy", "scikit-learn", "safetensors", "cyclopts", "rich", "numba")


def doctor(*, warm: Off = False, json: Off = False) -> None:
    """Check the installation, and advise how to improve it.

    Parameters
    ----------
    warm : bool
        Instead build all kernels of the compiled engine that are not cached yet, so that no
        training has to wait for them.
    json : bool
        Print JSON, for programs.
    """
    findings = build_kernels() if warm else examine()
    if json:
        emit_json(findings)
    elif warm:
        emit("{kernels} kernels, {built} built in {seconds:.1f} s, in {folder}".format(**findings))
    else:
        _emit(**findings)


def _emit(*, advice: list[str], **findings: Any) -> None:
    """Print a table, and a paragraph for each piece of advice."""
    rows = [[name.replace("_", " "), _format(value)] for name, value in findings.items()]
    emit_table(["item", "value"], rows)
    for text in advice:
        emit_paragraph(text)


def _format(value: Any) -> str:
    """Write a cell of the table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_format(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def examine() -> dict[str, Any]:
    """Examine the machine."""
    from barenet.engines.simd._processor import vector_bits

    data, errors = os.environ.get(DATA_VARIABLE), list[ValueError]()
    limits = {}
    for name, find in {"most": lambda: choose_threads(None, math.inf), "bits": vector_bits}.items():
        try:
            limits[name] = find()
        except ValueError as error:  # a wrong environment variable
            errors.append(error)
    findings = {
        "barenet": barenet.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        **{package: _version(package) for package in PACKAGES},
        "engines": list(ENGINES),
        "processor": _processor(),
        "simd": _simd(),
        "blas": _blas(),
        "cores": {"machine": os.cpu_count(), "allowed": allowed_cores()},
        "threads": {"most": limits.get("most"), "tbb": load_tbb()},
        "vector_bits": limits.get("bits"),
        "kernel_folder": kernel_folder(),
        "extras": {name: _version(module) for name, module in EXTRAS.items()},
        "data_folder": {"path": data, "found": data is not None and Path(data).is_dir()},
    }
    return {**findings, "advice": list(_advice(findings, errors))}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name: from a file on Linux, elsewhere from Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _simd() -> list[str]:
    """The vector instructions that NumPy has found."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return [*found.get("baseline", []), *found.get("found", [])]


def _blas() -> dict[str, Any]:
    """The library of NumPy's matrix products, and the kernel that it has chosen."""
    from threadpoolctl import threadpool_info

    libraries = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    names = {"internal_api": "library", "version": "version", "architecture": "kernel"}
    names |= {"num_threads": "threads"}
    return {name: libraries[0].get(key) for key, name in names.items()} if libraries else {}


def _advice(findings: dict[str, Any], errors: list[ValueError]) -> Iterator[str]:
    """Advise how to correct and improve the installation."""
    for error in errors:
        yield f"No training runs before this is corrected: {error}."
    yield from _cache_advice(findings["kernel_folder"])
    if not findings["threads"]["tbb"]:
        yield (
            "TBB is not found, so the compiled engine uses one thread: pip install tbb, where "
            "there is one for the system."
        )
    blas, simd = findings["blas"], findings["simd"]
    wide = any(name.startswith(("AVX512", "X86_V4")) for name in simd)
    if wide and blas.get("library") == "openblas" and blas.get("kernel") not in AVX512_KERNELS:
        yield (
            f"This processor has AVX-512, and OpenBLAS has chosen its {blas['kernel']} kernel, "
            "which does not use it. Large matrix products of NumPy are faster with "
            "OPENBLAS_CORETYPE=SkylakeX in the environment before Python starts."
        )
    for name, version in findings["extras"].items():
        if version is None:
            yield f"{EXTRAS[name]} is missing: pip install 'barenet[{name}]'"
    data = findings["data_folder"]
    if data["path"] is None:
        yield f"{DATA_VARIABLE} is not set: mnist is loaded from openml.org, or from --data-dir"
    elif not data["found"]:
        yield f"{DATA_VARIABLE} is {data['path']}, which is not a folder"


def _cache_advice(folder: str | None) -> Iterator[str]:
    """Advise on the cache of kernels; Numba silently skips a folder that it cannot write to."""
    from barenet.engines._kernel_cache import REFUSED

    set_to = os.environ.get("NUMBA_CACHE_DIR")
    if REFUSED:
        yield from (f"{text[0].upper()}{text[1:]}." for text in REFUSED.values())
    elif set_to and not (folder and Path(folder).resolve().is_relative_to(Path(set_to).resolve())):
        instead = f"kernels are cached in {folder}" if folder else "no kernels are cached"
        yield f"NUMBA_CACHE_DIR is {set_to}, which cannot be written to, so {instead}."
    if folder is None:
        yield (
            "There is no folder to cache compiled kernels in, so each process builds its own, "
            f"which takes some seconds: {CACHE_ADVICE}."
        )


def kernel_folder() -> str | None:
    """The folder of the cached kernels."""
    from barenet.engines._kernel_cache import folder_of
    from barenet.engines.kernels._kernel import kernel

    return folder_of(kernel)


def build_kernels() -> dict[str, Any]:
    """Build every kernel that is not cached yet, with a progress bar on a terminal."""
    folder, start = kernel_folder(), time.perf_counter()
    if folder is None:
        raise BarenetError(f"there is no folder to keep kernels in; {CACHE_ADVICE}")
    builders, built, files = _builders(), _count_built(), len([*Path(folder).glob("*.nbc")])
    # The programs for one thread and for two differ, and are compiled when they first run.
    runs: list[Callable[[], Any]] = [functools.partial(_train_one_neuron, n) for n in (1, 2)]
    for build in progress_bar([*builders, *runs], "kernels"):
        build()
    built = _count_built() - built
    if len([*Path(folder).glob("*.nbc")]) - files < built:
        raise BarenetError(f"{folder} has not kept the kernels that were built: is the disk full?")
    return {
        "kernels": len(builders),
        "built": built,
        "seconds": round(time.perf_counter() - start, 3),
        "folder": folder,
    }


def _builders() -> list[Callable[[], int]]:
    import barenet.engines.compiled._kernel_program  # noqa: F401  # imports every module with kernels
    from barenet.engines.kernels._kernel import every_kernel
    from barenet.engines.simd._views import kernel_spec

    specs = [kernel_spec(np.dtype(name)) for name in ("float32", "float64")]
    return [build for spec in specs for build in every_kernel(spec)]


def _count_built() -> int:
    """Count the kernels that this process has not found in the cache."""
    from barenet.engines.kernels._kernel import KERNELS

    return sum(kernel.code.n_compiled for kernel in KERNELS)


def _train_one_neuron(threads: int) -> None:
    from barenet import Network, train

    network = Network.dense([1, 1])
    train(network, [[1.0]], [1.0], epochs=1, engine="compiled", threads=threads)

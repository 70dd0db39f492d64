"""``barenet doctor``: what barenet finds on this machine, and what would make it better."""

from __future__ import annotations

import math
import os
import platform
import sys
import textwrap
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import barenet
from barenet.cli.console import emit, emit_json, emit_table
from barenet.cli.flags import OUTPUT, Json
from barenet.cli.kernels import WHERE_TO_KEEP, build_kernels, kernel_folder
from barenet.data.images import DATA_VARIABLE
from barenet.engines import ENGINES
from barenet.engines.threads import allowed_cores, choose_threads, load_tbb
from barenet.extras import EXTRAS

__all__ = ["doctor"]

PACKAGES = ("numpy", "scipy", "scikit-learn", "safetensors", "cyclopts", "rich", "numba")

#: Kernels of OpenBLAS that use AVX-512; on a processor that has it, others do not use it.
WIDE_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")


def doctor(
    *,
    warm: Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)] = False,
    json: Json = False,
) -> int:
    """Check the installation, and advise how to improve it.

    Parameters
    ----------
    warm : bool
        Instead build all kernels of the compiled engine that are not cached yet, so that no
        training has to wait for them.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    if warm:
        _tell_built(build_kernels(), json)
        return 0
    findings = examine()
    if json:
        emit_json(findings)
        return 0
    advice, data = findings.pop("advice"), findings.pop("data_folder")
    found = "" if data["found"] else ", which is no folder"
    told = f"{data['path']}{found}" if data["path"] else f"none, as {DATA_VARIABLE} is not set"
    emit_table(
        ["what", "found"],
        [
            *([name.replace("_", " "), _write(value)] for name, value in findings.items()),
            ["data folder", told],
        ],
    )
    for line in advice:
        emit("\n" + textwrap.fill(line, 79))
    return 0


def examine() -> dict[str, Any]:
    """Look at the machine."""
    blas, simd, folder, tbb = _blas(), _simd(), kernel_folder(), load_tbb()
    threads, bits = _try(choose_threads, None, math.inf), _try(_vector_bits)
    extras = {name: _version_of(module) for name, module in EXTRAS.items()}
    data = os.environ.get(DATA_VARIABLE)
    return {
        "barenet": barenet.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        **{package: _version(package) for package in PACKAGES},
        "engines": list(ENGINES),
        "processor": _processor(),
        "simd": simd,
        "blas": blas,
        "cores": {"machine": os.cpu_count(), "allowed": allowed_cores()},
        "threads": {"most": threads if isinstance(threads, int) else None, "tbb": tbb},
        "vector_bits": bits if isinstance(bits, int) else None,
        "kernel_folder": folder,
        "extras": extras,
        "data_folder": {"path": data, "found": data is not None and Path(data).is_dir()},
        "advice": [
            *(
                f"No training runs before this is put right: {e}."
                for e in (threads, bits)
                if isinstance(e, ValueError)
            ),
            *_advise_cache(folder),
            *_advise_compiled(folder, tbb),
            *_advise_kernel(blas, simd),
            *_advise_extras(extras),
            *_advise_data(data),
        ],
    }


def _tell_built(result: dict[str, Any], json: bool) -> None:
    """Put out what came of building the kernels."""
    if json:
        emit_json(result)
    else:
        emit("{kernels} kernels, {built} built in {seconds:.1f} s, in {folder}".format(**result))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _version_of(module: str) -> str | None:
    """The version of an optional package, which is not imported for it."""
    return _version(module) if util.find_spec(module) else None


def _processor() -> str:
    """The processor's name: Linux writes it into a file, others tell Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _simd() -> list[str]:
    """The vector instructions that NumPy has found."""
    import numpy as np

    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return [*found.get("baseline", []), *found.get("found", [])]


def _blas() -> dict[str, Any]:
    """The library that multiplies NumPy's matrices, and the kernel that it has chosen."""
    import numpy as np  # noqa: F401  # loads the library that is looked for
    from threadpoolctl import threadpool_info

    libraries = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    names = {"internal_api": "library", "version": "version", "architecture": "kernel"}
    names |= {"num_threads": "threads"}
    return {name: libraries[0].get(key) for key, name in names.items()} if libraries else {}


def _vector_bits() -> int:
    """Bits of the vectors that kernels use; 0 for plain loops."""
    from barenet.engines.simd.processor import vector_bits

    return vector_bits()


def _try(ask: Callable[..., int], *arguments: Any) -> int | ValueError:
    """Ask for what the environment may have set to something that cannot be."""
    try:
        return ask(*arguments)
    except ValueError as error:
        return error


def _advise_cache(folder: str | None) -> list[str]:
    """Advise on the cache folder; Numba silently skips one that it cannot write to."""
    from barenet.engines.kernel_cache import REFUSED

    if REFUSED:
        return [f"{text[0].upper()}{text[1:]}." for text in REFUSED.values()]
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if not asked or (folder and Path(folder).resolve().is_relative_to(Path(asked).resolve())):
        return []
    instead = f"kernels are kept in {folder}" if folder else "no kernels are kept"
    return [f"NUMBA_CACHE_DIR is {asked}, which cannot be written to, so {instead}."]


def _advise_compiled(folder: str | None, tbb: bool) -> list[str]:
    advice = []
    if folder is None:
        advice.append(
            "There is no folder to keep compiled kernels in, so each process builds its own, which "
            f"takes some seconds: {WHERE_TO_KEEP}."
        )
    if not tbb:
        advice.append(
            "TBB is not found, so the compiled engine uses one thread: pip install tbb, where "
            "there is one for the system."
        )
    return advice


def _advise_kernel(blas: dict[str, Any], simd: list[str]) -> list[str]:
    wide = any(name.startswith("AVX512") or name == "X86_V4" for name in simd)
    if not wide or blas.get("library") != "openblas" or blas.get("kernel") in WIDE_KERNELS:
        return []
    return [
        f"This processor has AVX-512, and OpenBLAS has chosen its {blas['kernel']} kernel, which "
        "does not use it. Large matrix products of NumPy, in predictions and in the reference "
        "engine, are faster with OPENBLAS_CORETYPE=SkylakeX in the environment before Python "
        "starts."
    ]


def _advise_extras(extras: dict[str, str | None]) -> list[str]:
    missing = [name for name, version in extras.items() if version is None]
    return [f"{EXTRAS[name]} is missing: pip install 'barenet[{name}]'" for name in missing]


def _advise_data(data: str | None) -> list[str]:
    if data is None:
        return [f"{DATA_VARIABLE} is not set: mnist is looked for at openml.org, or in --data-dir"]
    return [] if Path(data).is_dir() else [f"{DATA_VARIABLE} is {data}, and that is no folder"]


def _write(value: Any) -> str:
    """Write what was found in a cell of the table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_write(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

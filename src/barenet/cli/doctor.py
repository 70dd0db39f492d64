"""``barenet doctor``: what barenet finds on this machine, and what would make it better."""

from __future__ import annotations

import os
import platform
import sys
import textwrap
from importlib import metadata, util
from pathlib import Path
from typing import Any

import barenet
from barenet.cli.console import show, show_json, show_table
from barenet.cli.flags import Json
from barenet.data.images import DATA_VARIABLE
from barenet.engines import ENGINES
from barenet.extras import EXTRAS

__all__ = ["doctor"]

PACKAGES = ("numpy", "scipy", "scikit-learn", "safetensors", "cyclopts", "rich", "numba")

#: Kernels of OpenBLAS that use AVX-512; on a processor that has it, others are half as fast.
WIDE_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")


def doctor(*, json: Json = False) -> int:
    """Tell what barenet finds on this machine, and what would make it better.

    Parameters
    ----------
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    findings = examine()
    if json:
        show_json(findings)
        return 0
    advice = findings.pop("advice")
    show_table(
        ["what", "found"],
        [[name.replace("_", " "), _write(value)] for name, value in findings.items()],
    )
    for line in advice:
        show("\n" + textwrap.fill(line, 79))
    return 0


def examine() -> dict[str, Any]:
    """Look at the machine.

    Returns
    -------
    dict
        What is there, as plain data; ``advice`` is a list of sentences.
    """
    blas = _blas()
    simd = _simd()
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
        "cores": _cores(),
        "extras": extras,
        "data_folder": {"path": data, "found": data is not None and Path(data).is_dir()},
        "advice": [*_advise_kernel(blas, simd), *_advise_extras(extras), *_advise_data(data)],
    }


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


def _cores() -> dict[str, Any]:
    """The machine's cores, and those that this process may use."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"machine": os.cpu_count(), "allowed": affinity, "quota": _quota()}


def _quota() -> float | None:
    """Cores' worth of time that a container may use, where it is limited."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text("utf-8").split()
        return int(limit) / int(period)
    except (OSError, ValueError):
        return None


def _advise_kernel(blas: dict[str, Any], simd: list[str]) -> list[str]:
    wide = any(name.startswith("AVX512") or name == "X86_V4" for name in simd)
    if not wide or blas.get("library") != "openblas" or blas.get("kernel") in WIDE_KERNELS:
        return []
    return [
        f"This processor has AVX-512, and OpenBLAS has chosen its {blas['kernel']} kernel, which "
        "does not use it. Large matrix products can be up to twice as fast with "
        "OPENBLAS_CORETYPE=SkylakeX in the environment before Python starts."
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

"""The machine and what is installed on it: enough to read the figures by, nothing that names it."""

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from barenet import __version__
from benchmarks.threads import n_cores

__all__ = ["machine", "versions"]

PACKAGES = ("numpy", "numba", "scikit-learn", "torch", "jax", "jaxlib")


def machine() -> dict[str, str | int | float]:
    """The processor, its cores that may be used, the memory in GiB, the system and the Python."""
    return {
        "processor": _processor(),
        "cores": n_cores(),
        "memory": _memory(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """The version of each library that is installed."""
    found = {"barenet": __version__}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """Its model, with the family and the number that tell what a cloud's vague name does not."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    told = dict(re.findall(r"^(model name|cpu family|model)\s*: (.+)$", text, re.MULTILINE))
    if "model name" not in told:
        return _name_of_llvm()
    family, model = told.get("cpu family", "?"), told.get("model", "?")
    vectors = "AVX-512" if "avx512f" in text else "AVX2" if "avx2" in text else "SSE"
    return f"{told['model name']} (family {family}, model {model}, {vectors})"


def _name_of_llvm() -> str:
    """The name that LLVM has for the processor, such as apple-m2, after its architecture."""
    architecture = platform.machine()
    try:
        from llvmlite.binding import get_host_cpu_name
    except ImportError:
        return platform.processor() or architecture
    return f"{architecture}, {get_host_cpu_name()}"


def _memory() -> float:
    if sys.platform == "win32":
        return 0.0
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)

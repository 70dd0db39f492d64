"""The roofline: what the machine can do at most, as far as any library here can show.

It is the speed of one large product of float32 matrices. NumPy's OpenBLAS chooses kernels by the
processor's name, not always the fastest, so it is also told to use those for AVX-512.
"""

import importlib.util
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.threads import environment

__all__ = ["roofline"]

SIZE, SECONDS = 1536, 0.5

#: Who multiplies: what it is called, the library, and what is set in its environment.
VARIANTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("NumPy", "numpy", {}),
    ("NumPy, OPENBLAS_CORETYPE=SkylakeX", "numpy", {"OPENBLAS_CORETYPE": "SkylakeX"}),
    ("PyTorch", "torch", {}),
)


def roofline() -> list[dict[str, Any]]:
    """Measure every variant, on one thread and on all, each in a process of its own.

    Returns
    -------
    list of dict
        "what", "threads", "gflops" and, where threadpoolctl tells them, the "kernels".
    """
    found = []
    for what, library, settings in VARIANTS:
        if importlib.util.find_spec(library) and (not settings or avx512()):
            for threads in ("one", "all"):
                answer = _measure(library, {**environment(threads), **settings})
                found += [{"what": what, "threads": threads, **answer}] if answer else []
    return found


def _measure(library: str, env: dict[str, str]) -> dict[str, Any] | None:
    """Run `main` in a process of its own; None if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.roofline", library],
        cwd=Path(__file__).parents[1],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def avx512() -> bool:
    """Whether kernels for AVX-512 would run here; elsewhere they would kill the process."""
    flags = Path("/proc/cpuinfo")
    known = flags.exists() and "avx512f" in flags.read_text()
    return platform.machine() in ("x86_64", "AMD64") and known


def main(library: str) -> None:
    """Print the speed of the best of many products."""
    import numpy as np

    A = np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)
    if library == "torch":
        import torch

        A = torch.from_numpy(A)
    A @ A
    best, end = float("inf"), time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < end:
        A @ A
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"gflops": 2 * SIZE**3 / best / 1e9, "kernels": _kernels(library)}))


def _kernels(library: str) -> str:
    """What NumPy's BLAS chose for this processor."""
    if library != "numpy" or importlib.util.find_spec("threadpoolctl") is None:
        return ""
    from threadpoolctl import threadpool_info

    return next((str(pool.get("architecture", "")) for pool in threadpool_info()), "")


if __name__ == "__main__":
    main(sys.argv[1])

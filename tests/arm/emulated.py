"""Tests of the compiled engine on an emulated ARM64 processor: `make test-arm`.

QEMU runs the Python of this Linux distribution for arm64, with the wheels of PyPI for aarch64. The
first run downloads both into a cache, outside the repository. Kernels are compiled on this machine,
because that takes about twenty times as long in the emulator. Results are those of ARM64, and times
mean nothing. Any arguments go to pytest in place of the list of tests.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "barenet-arm64"

#: QEMU's programs, of which distributions have one or the other.
EMULATORS = ("qemu-aarch64-static", "qemu-aarch64")

#: Packages of the distribution; what they depend on comes with them.
SYSTEM_PACKAGES = ("python3", "libstdc++6")

#: The processor that is emulated, that of a Raspberry Pi 4. With the vectors of variable length of
#: newer ones, OpenBLAS divides by 0 in lanes that it doesn't use, and NumPy warns of that.
PROCESSOR = "cortex-a72"

#: What the tests import. Numba has the version of this machine, as it compiles the kernels here.
PYTHON_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "threadpoolctl", "filelock", "tomli-w", "cyclopts", "rich",
    "pytest", "hypothesis", f"numba=={metadata.version('numba')}",
)  # fmt: skip

#: The platforms of wheels that Python accepts on a system with glibc 2.28 or newer.
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")

#: Both engines, the blocks of products, predictions with a row in each lane, the clock, and any
#: number of threads.
TESTS = (
    "tests/engines/simd/test_register_blocks.py",
    "tests/engines/simd/test_lanes.py",
    "tests/engines/simd/test_mathematics.py",
    "tests/engines/simd/test_processor.py",
    "tests/engines/compiled/test_parity.py",
    "tests/engines/compiled/test_lane_lowering.py",
    "tests/engines/compiled/test_interpreter.py",
    "tests/engines/compiled/test_thread_choice.py",
)

#: Those of these tests that start a process, which QEMU alone can't.
LEFT_OUT = (
    "tests/engines/compiled/test_lane_lowering.py::test_many_rows_are_predicted_in_lanes",
    "tests/engines/compiled/test_lane_lowering.py::test_nothing_is_read_beyond_the_rows",
)

#: Prints what `cross_compile.py` needs.
DESCRIBE = """
import json
from llvmlite import binding as llvm
features = llvm.get_host_cpu_features().flatten()
print(json.dumps([llvm.get_process_triple(), llvm.get_host_cpu_name(), features]))
"""


def main(arguments: list[str]) -> int:
    """Prepare what is missing, and run the tests; return their exit status."""
    emulator = find_tools()
    system = CACHE / "system"
    once(system, SYSTEM_PACKAGES, unpack_system)
    [python] = (system / "usr" / "bin").glob("python3.[0-9]*[0-9]")
    packages = CACHE / "packages"
    once(packages, (python.name, *PYTHON_PACKAGES), install_packages)

    kernels = CACHE / "kernels"
    environment = dict(os.environ)
    environment["PYTHONHOME"] = str(system / "usr")
    environment["PYTHONPATH"] = f"{ROOT / 'src'}{os.pathsep}{packages}"
    environment["NUMBA_CACHE_DIR"] = str(kernels)
    emulated = [emulator, "-cpu", PROCESSOR, "-L", str(system), str(python)]
    described = subprocess.run(
        [*emulated, "-c", DESCRIBE], env=environment, capture_output=True, text=True
    )
    if described.returncode:
        sys.exit(f"make test-arm: {python} does not run in {emulator}:\n{described.stderr}")
    triple, name, features = json.loads(described.stdout)
    compile_kernels(kernels, triple, name, features)

    tests = arguments or list(TESTS)
    command = [*emulated, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["-m", "not slow and not jax", *tests]
    for test in LEFT_OUT:
        command += ["--deselect", test]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def find_tools() -> str:
    """Return the path of the emulator; exit with the names of all missing programs."""
    if sys.platform != "linux":
        sys.exit("make test-arm: QEMU emulates the processor alone on Linux only")
    missing = []
    found = [path for path in map(shutil.which, EMULATORS) if path is not None]
    if not found:
        missing.append("qemu-aarch64 (Debian, Ubuntu: apt install qemu-user-static)")
    missing.extend(
        f"{program}, as of Debian"
        for program in ("apt-get", "dpkg-deb")
        if shutil.which(program) is None
    )
    if missing:
        sys.exit(f"make test-arm needs {', and '.join(missing)}")
    return found[0]


def once(folder: Path, contents: tuple[str, ...], fill: Callable[[Path], None]) -> None:
    """Fill a folder, unless an earlier run has filled it with the same contents."""
    stamp = folder / "contents.json"
    wanted = list(contents)
    if stamp.exists() and json.loads(stamp.read_text("utf-8")) == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fill(folder)
    stamp.write_text(json.dumps(wanted), "utf-8")


def unpack_system(folder: Path) -> None:
    """Download the packages of the distribution for arm64, and unpack them."""
    print(f"Downloading Python for arm64 into {folder}", flush=True)
    state = folder / "apt"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()  # no package is installed
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
        "Dir::State": state / "state",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    apt = ["apt-get", "--quiet", "--yes"]
    for name, value in options.items():
        apt += ["-o", f"{name}={value}"]
    source = "the packages for arm64 of this system's sources of apt, over the network"
    do([*apt, "update"], source)
    do([*apt, "install", "--no-install-recommends", "--download-only", *SYSTEM_PACKAGES], source)
    for package in sorted((state / "cache" / "archives").glob("*.deb")):
        do(["dpkg-deb", "--extract", str(package), str(folder)], f"an intact {package.name}")
    shutil.rmtree(state)
    if not (folder / "lib").exists():  # systems whose libraries are all in /usr/lib
        (folder / "lib").symlink_to("usr/lib")


def install_packages(folder: Path) -> None:
    """Download the wheels for aarch64, and unpack them."""
    print(f"Downloading wheels for aarch64 into {folder}", flush=True)
    [python] = (CACHE / "system" / "usr" / "bin").glob("python3.[0-9]*[0-9]")
    version = re.sub("^python", "", python.name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-compile", "--only-binary=:all:", "--python-version", version]
    for platform in PLATFORMS:
        pip += ["--platform", platform]
    do([*pip, "--target", str(folder), *PYTHON_PACKAGES], "wheels for aarch64, over the network")


def compile_kernels(folder: Path, triple: str, name: str, features: str) -> None:
    """Compile on this machine those kernels for the emulated one that the cache lacks."""
    print(f"Compiling kernels into {folder}, in some minutes after a change of theirs", flush=True)
    script = Path(__file__).with_name("cross_compile.py")
    environment = dict(os.environ)
    environment["PYTHONPATH"] = str(ROOT / "src")
    environment["NUMBA_CACHE_DIR"] = str(folder)
    command = [sys.executable, str(script), "kernels", triple, name, features]
    subprocess.run(command, env=environment, check=True)


def do(command: list[str], needed: str) -> None:
    """Run a command; if it fails, print what it needs and its last lines, and exit."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last_lines = "\n".join(done.stdout.splitlines()[-5:])
        sys.exit(f"make test-arm needs {needed}; {command[0]} failed:\n{last_lines}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

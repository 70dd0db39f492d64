import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from barenet.cli import _doctor as doctor
from barenet.engines import _kernel_cache
from barenet.engines.jax import _jax_library
from barenet.engines.kernels._kernel import ENTRIES

#: Kernels that a process finds in the cache and that it builds, of all that a training needs.
TRAINING = """
import json
import numpy as np
from barenet import Network, train

X, y = np.zeros((20, 9), "uint8"), np.zeros(20, int)
for dtype in ("float32", "float64"):
    for threads in (1, 2):
        network = Network.dense([9, 8, 3], hidden="gelu", output="softmax", dtype=dtype)
        train(network, X, y, epochs=2, batch_size=7, optimizer="adamw", engine="compiled",
              penalty="l2:strength=1", clip="norm:limit=1", threads=threads)

from barenet.engines.kernels._kernel import ENTRIES, KERNELS

compiled = sum(each.code.n_compiled for each in (*KERNELS, *ENTRIES))
print(json.dumps([sum(len(kernel.places) for kernel in KERNELS), compiled]))
"""


@pytest.fixture(autouse=True)
def without_jax(monkeypatch):
    """JAX starts threads where it is imported, and other tests of this process fork."""
    monkeypatch.setitem(sys.modules, "jax", None)


def test_the_findings_are_printed(barenet):
    found = barenet("doctor", "--json").json
    assert found["numpy"] == np.__version__
    assert found["engines"]
    assert 1 <= found["threads"]["most"] <= found["cores"]["allowed"] <= found["cores"]["machine"]
    assert found["vector_width"] in ("128 bits", "256 bits", "512 bits")
    assert {"plot", "tables"} <= found["extras"].keys()
    text = barenet("doctor").ok().out
    assert "scikit-learn" in text
    assert text.splitlines()[-1].startswith("Ready")


@pytest.mark.parametrize(
    ("kernel", "bits", "advised"),
    [("Haswell", 512, True), ("Zen", 512, True), ("SkylakeX", 512, False), ("Haswell", 256, False)],
)
def test_a_kernel_that_does_not_suit_the_processor_is_reported(monkeypatch, kernel, bits, advised):
    monkeypatch.setattr(doctor, "_blas", lambda: {"library": "openblas", "kernel": kernel})
    monkeypatch.setattr("barenet.engines.simd._processor.widest_bits", lambda: bits)
    advice = " ".join(doctor.examine()["advice"])
    assert ("OPENBLAS_CORETYPE=SkylakeX" in advice) == advised


def test_a_missing_extra_is_listed_without_a_version(monkeypatch):
    monkeypatch.setitem(doctor.EXTRAS, "plot", "no_such_package")
    assert doctor.examine()["extras"]["plot"] is None


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A program in place of that of NVIDIA's driver, with the lines of a machine with one GPU."""

    def install(script):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install


def test_a_gpu_is_found_with_the_way_to_train_on_it(driver):
    driver('test "$*" = "--query-gpu=name,memory.total --format=csv,noheader" || exit 2\n'
           'echo "NVIDIA H200, 143771 MiB"')  # fmt: skip
    findings = doctor.examine()
    assert findings["gpus"] == ["NVIDIA H200, 143771 MiB"]
    [advice] = [text for text in findings["advice"] if "H200" in text]
    assert "engine='jax'" in advice and "pip install 'jax[cuda13]'" in advice


@pytest.mark.parametrize(("devices", "advised"), [([], True), (["cpu"], True), (["H200"], False)])
def test_a_gpu_that_jax_does_not_find_is_reported(monkeypatch, devices, advised):
    monkeypatch.setattr(doctor, "list_gpus", lambda: ["NVIDIA H200, 143771 MiB"])
    monkeypatch.setattr(doctor, "list_jax_devices", lambda: devices)
    advice = " ".join(doctor.examine()["advice"])
    assert ("NVIDIA H200, 143771 MiB: engine='jax' would train on it" in advice) == advised


@pytest.mark.jax
def test_the_advice_names_the_reason_that_jax_finds_no_device(tmp_path):
    command = [sys.executable, "-m", "barenet", "doctor"]
    environment = {**os.environ, "JAX_PLATFORMS": "cuda"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "JAX finds no device with JAX_PLATFORMS=cuda" in text
    assert "leave JAX_PLATFORMS unset" in text


@pytest.mark.jax
def test_the_devices_of_jax_are_listed(monkeypatch):
    monkeypatch.delitem(sys.modules, "jax")
    assert len(doctor.examine()["jax_devices"]) >= 1


def test_without_jax_no_devices_of_jax_are_listed(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(vars(_jax_library), "jax", raising=False)
    assert doctor.examine()["jax_devices"] == []


def test_the_engine_of_jax_is_listed_if_it_is_installed(monkeypatch):
    monkeypatch.setattr(doctor, "_version", {"jax": "0.10.2"}.get)
    assert doctor._engines() == ["reference", "compiled", "jax"]
    monkeypatch.setattr(doctor, "_version", {}.get)
    assert doctor._engines() == ["reference", "compiled"]


@pytest.mark.parametrize("script", ["echo No devices were found >&2; exit 6", "exec sleep 60"])
def test_a_driver_without_a_gpu_is_no_gpu(driver, script, monkeypatch):
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    driver(script)
    findings = doctor.examine()
    assert findings["gpus"] == []
    assert "engine='jax'" not in " ".join(findings["advice"])


def test_wrong_environment_variables_are_refused(barenet, monkeypatch):
    for name in ("BARENET_SIMD_BITS", "BARENET_THREADS"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "7.5")
            assert re.search(f"error: {name}: expected .*'7.5'", barenet("doctor").error)


@pytest.mark.case(74, 116)
@pytest.mark.integration
def test_a_cache_folder_that_cannot_be_used_is_reported(process, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    for folder, expected in (
        ("file/cache", None),
        ("shared", f"thers can write to {tmp_path / 'shared'} (chmod go-w changes that)"),
    ):
        environment = {"NUMBA_CACHE_DIR": str(tmp_path / folder)}
        out, err = process("doctor", "--json", environment=environment).communicate(timeout=100)
        found = json.loads(out)
        assert sum(expected in line for line in found["advice"]) == 1 if expected else True
        assert ("others can write to" in err) == (folder == "shared")
        assert not str(found["kernel_folder"]).startswith(str(tmp_path))


@pytest.fixture(scope="module")
def built():
    return doctor.build_kernels()


@pytest.mark.integration
def test_warm_compiles_the_kernels_once(built, barenet):
    again = barenet("doctor", "--warm", "--json").json
    assert again.keys() == {"kernels", "built", "seconds", "folder"}
    assert (again["kernels"], again["built"]) == (built["kernels"], 0)
    assert again["kernels"] > 100
    assert again["folder"] == built["folder"] == doctor.kernel_folder()
    assert any(Path(again["folder"]).glob("*.nbc"))
    command = [sys.executable, "-c", TRAINING]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    used, compiled = json.loads(done.stdout)
    assert (used > 20, compiled) == (True, 0)


@pytest.mark.integration
def test_kernels_need_nothing_of_numba_or_python(built):
    """Only the C library is searched, as kernels are linked without Numba."""
    files = Path(built["folder"]).glob("*.nbc")
    contents = [pickle.loads(path.read_bytes()[32:]) for path in files]
    codes = [content[1] for content in contents if len(content) == 2]
    named = {name for code in codes for name in re.findall(rb"\0_?((?:numba|Py|NRT)_?\w+)", code)}
    assert len(codes) >= built["kernels"] - len(ENTRIES)  # which have another folder
    assert named <= {b"NRT_incref", b"NRT_decref", b"NRT_MemInfo_call_dtor"}


@pytest.mark.case(135)
def test_without_a_cache_folder_nothing_is_compiled(barenet, monkeypatch):
    for name, empty in (("FOLDERS", {}), ("REFUSED", {}), ("LOCATORS", ())):
        monkeypatch.setattr(_kernel_cache, name, empty)
    found = barenet("doctor", "--json").json
    assert found["kernel_folder"] is None
    assert sum("NUMBA_CACHE_DIR" in line for line in found["advice"]) == 1
    done = barenet("doctor", "--warm")
    assert (done.status, done.out) == (1, "")
    assert "no folder to keep kernels in; set NUMBA_CACHE_DIR" in done.err

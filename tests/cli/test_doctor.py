import json
import sys

import numpy as np
import pytest

from barenet.cli import _doctor as doctor


def test_it_tells_what_is_there(barenet):
    found = barenet("doctor", "--json").json
    assert found["numpy"] == np.__version__
    assert found["engines"]
    assert 1 <= found["threads"]["most"] <= found["cores"]["allowed"] <= found["cores"]["machine"]
    assert found["vector_bits"] in (128, 256, 512)
    assert found["extras"].keys() == {"plot", "tables"} | found["extras"].keys()


def test_people_get_a_table_and_advice(barenet, monkeypatch, tmp_path):
    monkeypatch.setenv("BARENET_DATA", str(tmp_path / "nowhere"))
    done = barenet("doctor")
    assert (done.status, done.err) == (0, "")
    assert "scikit-learn" in done.out
    said = " ".join(done.out.split())
    assert f"data folder path {tmp_path / 'nowhere'}, found no" in said
    assert "and that is no folder" in said
    monkeypatch.delenv("BARENET_DATA")
    assert "BARENET_DATA is not set" in barenet("doctor").out


@pytest.mark.parametrize(
    ("kernel", "simd", "advised"),
    [
        ("Haswell", ["X86_V3", "X86_V4"], True),
        ("Zen", ["AVX512F"], True),
        ("SkylakeX", ["X86_V4"], False),
        ("Haswell", ["X86_V3"], False),
    ],
)
def test_the_kernel_is_held_against_the_processor(monkeypatch, kernel, simd, advised):
    monkeypatch.setattr(doctor, "_blas", lambda: {"library": "openblas", "kernel": kernel})
    monkeypatch.setattr(doctor, "_simd", lambda: simd)
    advice = " ".join(doctor.examine()["advice"])
    assert ("OPENBLAS_CORETYPE=SkylakeX" in advice) == advised


def test_a_missing_extra_comes_with_its_command(monkeypatch):
    monkeypatch.setitem(doctor.EXTRAS, "plot", "no_such_package")
    findings = doctor.examine()
    assert findings["extras"]["plot"] is None
    assert "no_such_package is missing: pip install 'barenet[plot]'" in findings["advice"]


@pytest.mark.parametrize("name", ["BARENET_THREADS", "BARENET_SIMD_BITS"])
def test_what_the_environment_can_not_ask(barenet, monkeypatch, name):
    monkeypatch.setenv(name, "7.5")
    done = barenet("doctor")
    assert (done.status, done.err) == (0, "")
    assert f"corrected: {name}: expected" in " ".join(done.out.split()) and "'7.5'" in done.out
    found = barenet("doctor", "--json").json
    where = {"BARENET_THREADS": found["threads"]["most"], "BARENET_SIMD_BITS": found["vector_bits"]}
    assert [key for key, value in where.items() if value is None] == [name]


def test_a_cache_folder_that_can_not_be_used_is_told(process, tmp_path):
    (tmp_path / "file").write_text("in the way")
    told = {}
    for folder in ("file/cache", "cache"):
        environment = {"NUMBA_CACHE_DIR": str(tmp_path / folder)}
        out, _ = process("doctor", "--json", environment=environment).communicate(timeout=60)
        told[folder] = " ".join(json.loads(out)["advice"])
    assert f"NUMBA_CACHE_DIR is {tmp_path / 'file/cache'}, which cannot" in told["file/cache"]
    assert "NUMBA_CACHE_DIR" not in told["cache"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_fault_116_a_folder_of_kernels_that_others_can_write_to_is_reported(process, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "shared")}
    out, err = process("doctor", "--json", environment=environment).communicate(timeout=100)
    found = json.loads(out)
    said = f"others can write to {tmp_path / 'shared'} (chmod go-w changes that)"
    assert sum(said in line for line in found["advice"]) == 1
    assert "others can write to" in err  # The path may be cut out of a long line.
    assert not str(found["kernel_folder"]).startswith(str(tmp_path))

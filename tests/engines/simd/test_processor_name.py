"""Processors whose model in LLVM is wrong: kernels are compiled for any of the architecture."""

import json
import os
import subprocess
import sys

import pytest

from barenet.engines._machine_code import COMPILING

#: A kernel, compiled on a machine whose processor LLVM gives this name, and what doctor prints.
PROGRAM = """
import json, sys
import llvmlite.binding as llvm

llvm.get_host_cpu_name = lambda: sys.argv[1]
import numpy as np
from barenet.cli._doctor import examine
from barenet.engines.kernels._row_orders import row_orders

findings = examine()
order = np.sort(row_orders(9, 1, range(2))).tolist()
print(json.dumps([findings["processor"], findings["compiled_for"], order]))
"""


def compiled(name, tmp_path, **settings):
    """The processor's name, that compiled for, and what a kernel computes."""
    kept = {key: value for key, value in os.environ.items() if key != "NUMBA_CPU_NAME"}
    environment = kept | {"NUMBA_CACHE_DIR": str(tmp_path)} | settings
    command = [sys.executable, "-W", "error", "-c", PROGRAM, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, f"barenet: {COMPILING}\n")
    return json.loads(done.stdout)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["oryon-1", pytest.param("ampere1b", marks=pytest.mark.slow)])
def test_kernels_for_a_processor_with_a_wrong_model(name, tmp_path):
    """Either is no processor of x86, which LLVM prints on standard error."""
    assert compiled(name, tmp_path) == [name, "generic", [[*range(9)]] * 2]


@pytest.mark.slow
@pytest.mark.integration
def test_the_name_that_a_user_has_set_is_kept(tmp_path):
    found = compiled("oryon-1", tmp_path, NUMBA_CPU_NAME="x86-64")
    assert found[:2] == ["oryon-1", "x86-64"]

"""Imports run in no cycle, and a prediction imports nothing of the training."""

import graphlib
import subprocess
import sys

import grimp
import pytest

pytestmark = pytest.mark.integration


def test_no_import_runs_in_a_cycle():
    """In functions and for types neither. A package's `__init__` only gathers names."""
    imports = grimp.build_graph("barenet", cache_dir=None)
    modules = {name for name in imports.modules if not imports.find_children(name)}
    graph = {name: imports.find_modules_directly_imported_by(name) & modules for name in modules}
    assert sum(map(len, graph.values())) > len(graph)  # the imports were found
    assert set(graphlib.TopologicalSorter(graph).static_order()) == modules


@pytest.mark.parametrize(("name", "trains"), [("Network", True), ("load", False)])
def test_the_training_is_imported_with_a_network_and_not_to_predict(name, trains):
    """Its path is without imports then, and a service starts without code that it never runs."""
    code = f"import sys, barenet; barenet.{name}; print('barenet.training._loop' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(trains)

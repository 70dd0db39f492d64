"""Dense: what does not fit is refused with its size, before any memory is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from barenet import MLPClassifier, MLPRegressor
from barenet.estimators import dense
from barenet.estimators.dense import as_dense, free_memory

KINDS = (MLPClassifier, MLPRegressor)


def test_what_is_too_large_is_refused_with_its_size():
    huge = scipy.sparse.csr_array((2_000_000, 3_000_000))
    assert pytest.approx(44_703.5, abs=0.05) == (2_000_000 * 3_000_000 * 8) / 2**30
    for kind in KINDS:
        model = kind(hidden_layer_sizes=(2,))
        with pytest.raises(ValueError, match=r"^X: .*2,000,000 × 3,000,000 takes 44,703.5 GiB"):
            model.fit(huge, np.arange(2_000_000) % 2)
        assert not hasattr(model, "network_")
        assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(("dtype", "fits"), [("float32", True), ("float64", False)])
def test_the_last_byte_counts(dtype, fits, monkeypatch):
    rows = scipy.sparse.csr_array(np.eye(10, dtype=dtype))
    monkeypatch.setattr(dense, "free_memory", lambda: 400)
    if fits:
        assert (as_dense(rows, "X") == np.eye(10)).all()
    else:
        with pytest.raises(ValueError, match=r"^X: .*0.0 MiB of memory are free"):
            as_dense(rows, "X")
    monkeypatch.setattr(dense, "free_memory", lambda: None)
    assert as_dense(rows, "X").dtype == dtype


def test_the_smaller_of_two_limits_counts(monkeypatch):
    files = {"/proc/meminfo": "MemTotal: 90 kB\nMemAvailable:      8 kB\n"}
    monkeypatch.setattr(dense, "_read", lambda path: files.get(path, ""))
    assert free_memory() == 8192
    files |= {"/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "5\n"}
    assert free_memory() == 8192
    files |= {"/sys/fs/cgroup/memory.max": "1000\n", "/sys/fs/cgroup/memory.current": "900\n"}
    assert free_memory() == 100
    files |= {"/sys/fs/cgroup/memory.stat": "file 3\ninactive_file 50\n"}
    assert free_memory() == 150


def test_a_part_of_a_large_matrix_is_learned_from():
    """Some rows at a time, each part dense only while it is learned from."""
    rows = scipy.sparse.random_array((3000, 200), density=0.02, rng=np.random.default_rng(0))
    rows = rows.tocsr()
    y = np.asarray(rows[:, :100].sum(axis=1) > rows[:, 100:].sum(axis=1)).astype(int)
    model = MLPClassifier((8,), random_state=0, learning_rate_init=0.01)
    for _ in range(10):
        for start in range(0, 3000, 600):
            part = slice(start, start + 600)
            model.partial_fit(rows[part], y[part], classes=[0, 1])
    assert model.score(rows, y) > 0.9

"""Sparse matrices as X: which are refused, by name and place, and what their rows are."""

import hashlib

import numpy as np
import pytest
import scipy.sparse

from barenet import Checkpoint, Network, train
from barenet._sparse_rows import SparseRows
from barenet.errors import ResumeError
from barenet.population import _population_checkpoint
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._out_of_fold import OutOfFold
from barenet.tables.frames import _fingerprint

CSR, SINGLE = scipy.sparse.csr_array, np.dtype("float32")


def damaged(**arrays):
    """A matrix of which an array was replaced later, so that SciPy has not checked it."""
    X = CSR(np.eye(3))
    for name, array in arrays.items():
        getattr(X, name)[:] = array
    return X


REFUSED = {
    "NaN": (CSR([[0, 1, 0], [0, 2, np.nan]]), r"X: nan at \(1, 2\); only finite numbers"),
    "infinity": (CSR([[0, 0, 0], [-np.inf, 0, 0]]), r"X: -inf at \(1, 0\)"),
    "too large": (CSR([[0, 1e300, 0]]), r"X: 1e\+300 is too large for float32"),
    "width": (CSR(np.eye(4)), "X: has 4 features, and the network takes 3 inputs"),
    "complex": (CSR(np.eye(3) * 1j), "X: expected a matrix of real numbers, got complex128"),
    "one row": (scipy.sparse.coo_array(np.ones(3)), r"real numbers, got float64 of shape \(3,\)"),
    "no rows": (CSR((0, 3)), r"X: is empty, its shape is \(0, 3\)"),
    "column": (damaged(indices=[0, 1, 3]), "X: is not a valid sparse matrix: .*indices"),
    "negative": (damaged(indices=[0, -1, 2]), "X: is not a valid sparse matrix: .*indices"),
    "row": (damaged(indptr=[0, 5, 2, 3]), "X: is not a valid sparse matrix: indptr"),
}  # fmt: skip


@pytest.mark.case(12)
@pytest.mark.parametrize("case", REFUSED)
def test_damaged_sparse_matrices_are_refused(case, refused):
    X, problem = REFUSED[case]
    network = Network.dense([3, 2])
    for use in (network.predict, lambda X: train(network, X, np.zeros(X.shape[0]))):
        with refused("X", match=problem):
            use(X)


def test_rows_are_selected_without_a_copy_of_their_entries():
    X = scipy.sparse.random_array((20, 9), density=0.3, rng=np.random.default_rng(0)).tocsr()
    rows = SparseRows.of(X, SINGLE)
    assert np.shares_memory(rows.values, X.data) and np.shares_memory(rows.columns, X.indices)
    for index in (slice(3, 9), slice(None, None, -2), [4, 4, 0], np.arange(20) % 3 == 0):
        chosen, expected = rows[index], X.toarray()[index]
        assert chosen.values is rows.values and chosen.shape == expected.shape
        np.testing.assert_array_equal(np.asarray(chosen), expected)
        np.testing.assert_array_equal(chosen.tocsr().toarray(), expected)
        assert len(chosen.entries) == np.count_nonzero(expected)


def test_the_checksum_of_entries_is_computed_by_blocks_and_once_for_all_networks(
    tmp_path, monkeypatch
):
    X = SparseRows.of(CSR(np.tri(60, 300, 5)), SINGLE)
    whole = hashlib.sha256(X.entries.tobytes()).hexdigest()
    monkeypatch.setattr(_fingerprint, "BLOCK", 1000)
    assert _fingerprint.checksum(X) == whole
    seen = []
    monkeypatch.setattr(
        _population_checkpoint, "checksum", lambda array: seen.append(array) or "0" * 64
    )
    rows, recipe = OutOfFold(np.zeros((60, 1)), np.full(60, 1 / 60)), EnsembleRecipe(epochs=2)
    EnsembleTraining(X, rows, recipe).run(checkpoint=Checkpoint(tmp_path / "run", every=1))
    assert sum(isinstance(array, SparseRows) for array in seen) == 1


def test_a_run_resumes_with_the_same_entries_only(tmp_path):
    X, y = CSR(np.eye(6, 300)), np.zeros(6)
    settings = {"checkpoint": tmp_path / "run.checkpoint", "validation_data": (X[:2], y[:2])}

    def interrupt(run):
        if run.epoch == 2:
            run.stop("interrupted", resumable=True)

    whole, resumed = (Network.dense([300, 1], seed=1) for _ in range(2))
    train(whole, X, y, epochs=4)
    train(resumed, X, y, epochs=4, callbacks=interrupt, **settings)
    other = X.copy()
    other.indices[0] = 7
    with pytest.raises(ResumeError, match="X has other values"):
        train(resumed, other, y, epochs=4, resume=True, **settings)
    train(resumed, X.tocsc(), y, epochs=4, resume=True, **settings)
    assert (resumed.parameters == whole.parameters).all()


def test_scaled_copies_are_the_rows_with_other_factors():
    """Also of a run, whose columns have the same factor."""
    values = np.array([0.5, 1.0, 2.0], np.float32)
    columns = np.array([3, 8, 0], np.int32)
    rows = SparseRows(values, columns, np.array([[0, 2], [2, 3]]), n_columns=5, runs=((1, 5),))
    factors = np.array([[1, 1, 1, 1, 1], [2, 3, 3, 3, 3], [0, 0, 0, 0, 0]], np.float32)
    copies = np.asarray(rows.scaled_copies(factors))
    expected = [np.asarray(rows) * factor for factor in factors]
    np.testing.assert_array_equal(copies, np.concatenate(expected))

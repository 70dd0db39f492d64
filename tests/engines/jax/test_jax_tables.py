"""The JAX engine on the encoded rows of tables, which are made dense for the device."""

import numpy as np
import pytest

from barenet import MLPEnsembleClassifier, MLPEnsembleRegressor

pytest.importorskip("jax", reason="JAX is not installed: make test-jax")

RNG = np.random.default_rng(0)
N_ROWS = 240
TABLE = {
    "size": np.where(RNG.random(N_ROWS) < 0.1, np.nan, RNG.normal(size=N_ROWS)),
    "town": RNG.choice(["Rome", "Oslo", "", "Bern"], N_ROWS),
    "day": np.datetime_as_string(np.datetime64("2024-01-01") + RNG.integers(0, 400, N_ROWS)),
    "open": RNG.choice(["yes", "no"], N_ROWS),
    "age": RNG.integers(18, 90, N_ROWS).astype(float),
}
IS_LARGE = np.nan_to_num(TABLE["size"]) + (TABLE["town"] == "Rome") > 0.5


@pytest.mark.parametrize(
    "kind", [MLPEnsembleClassifier, pytest.param(MLPEnsembleRegressor, marks=pytest.mark.slow)]
)
def test_an_ensemble_is_that_of_the_compiled_engine(kind):
    y = IS_LARGE
    if kind is MLPEnsembleRegressor:
        y = np.nan_to_num(TABLE["size"]) + TABLE["age"] / 40
    results = []
    for engine in ("jax", "compiled"):
        model = kind(max_iter=6, random_state=0, engine=engine).fit(TABLE, y)
        assert model.history_.engine == engine
        results.append(model)
    of_jax, compiled = results
    np.testing.assert_allclose(
        of_jax.out_of_fold_predictions_, compiled.out_of_fold_predictions_, atol=2e-3
    )
    assert of_jax.out_of_fold_score_ == pytest.approx(compiled.out_of_fold_score_, abs=0.01)
    np.testing.assert_allclose(of_jax.loss_curve_, compiled.loss_curve_, rtol=1e-3)

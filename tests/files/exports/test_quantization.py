"""Arithmetic in integers: the C file against integers in NumPy, and both against the network."""

import numpy as np
import pytest
from predictors import predictor_of
from run_exports import compile_c, raw_numbers, run_c
from test_c_file import SANITIZED, avr_program, predicted, run_on_avr

from barenet import MLPClassifier, Network, Scaling, TableEncoding, export, load_dataset
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._quantization import Grid, with_integer_layers
from barenet.layers import ActivationLayer, BatchNorm, Dense, LayerNorm, PReLU
from barenet.typing import Ensemble

DIGITS = load_dataset("digits")
RNG = np.random.default_rng(3)
UNEQUAL = np.random.default_rng(4).normal(size=(300, 3)) * [1000, 1, 0.01]
ROWS = RNG.normal([0, 5, -100], [1, 0.01, 30], (300, 3)).astype(np.float32).astype(np.float64)


def computed(program, X):
    """The outputs of the last dense layer, in float32 and Python's integers."""
    X = X.astype(np.float32)
    for step in program.steps:
        parts = step.parts
        if step.name == "quantize":
            offset, factor = (parts[name].astype(np.float32) for name in ("offset", "factor"))
            codes = np.clip((X - offset) * factor, np.float32(-128), np.float32(127))
            X = np.floor(codes + np.float32(128.5)).astype(int) - 128
        elif step.name == "look_up":
            X = parts["codes"].astype(int)[X + 128]
        else:
            sums = X @ parts["weights"].astype(int) + parts["bias"]
            assert np.abs(sums).max() < 2**31
            if step.name == "sums":
                return sums.astype(np.float32) * parts["step"].astype(np.float32)
            exact = sums.astype(object) * parts["multiplier"].astype(object)
            rounded = (exact + 2 ** (parts["shift"] - 1)) // 2 ** parts["shift"]
            X = np.clip((rounded + parts["zero"]).astype(int), -128, 127)
    raise AssertionError("no last layer")


def standardized(*layers, X=ROWS):
    """A predictor of numbers, whose batch norm has the statistics of the rows."""
    scaling = Scaling.fit("standardize", X)
    network = Network([*layers], seed=2)
    for _ in range(30):
        network.forward(scaling.transform(X).astype(np.float32), training=True)
    return predictor_of(network, scaling)


def unequal_columns():
    network = Network([Dense(3, 16, "tanh"), Dense(16, 2)], seed=1)
    network.layers[0].weights = network.layers[0].weights / UNEQUAL.std(axis=0)[:, np.newaxis]
    return network


def pixels():
    X = RNG.integers(0, 256, (50, 300)).astype(np.uint8)
    return predictor_of(Network.dense([300, 40, 3], seed=2), Scaling.fit("minmax", X)), X


MODELS = {
    "relu": lambda: (standardized(Dense(3, 20, "relu"), Dense(20, 9, "relu"), Dense(9, 2)), ROWS),
    "digits": lambda: (standardized(Dense(64, 32, "relu"), Dense(32, 10), X=DIGITS.X), DIGITS.X),
    "tanh": lambda: (standardized(Dense(3, 8, "tanh"), Dense(8, 8, "silu"), Dense(8, 1)), ROWS),
    "one layer": lambda: (standardized(Dense(3, 2)), ROWS),
    "linear": lambda: (standardized(Dense(3, 4), Dense(4, 4), Dense(4, 2)), ROWS),
    "batch norm": lambda: (
        standardized(Dense(3, 9), BatchNorm(9), ActivationLayer("relu"), Dense(9, 2)),
        ROWS,
    ),
    "network": lambda: (Network.dense([3, 8, 2], hidden="leaky_relu", seed=1), ROWS),
    "pixels": pixels,
    "unscaled": lambda: (unequal_columns(), UNEQUAL),
    "dead": lambda: (Network([Dense(3, 4, "relu", init="zeros"), Dense(4, 2)], seed=1), ROWS),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", MODELS)
def test_integers_in_c_are_those_of_numpy_to_the_bit(name, tmp_path):
    model, X = MODELS[name]()
    export(model, tmp_path / "it.c", arithmetic="int8", calibration=X)
    rows = X[:: len(X) // 25].astype(np.float32)
    rows = np.vstack([rows, 3 * rows - 2 * rows.mean(axis=0), -1e30 * rows, 1e30 * rows])
    found = run_c(tmp_path / "it.c", rows, model_outputs(model, X).shape[1])
    expected = computed(with_integer_layers(program_of(model), model, X), rows)
    assert found.tolist() == expected.tolist()


@pytest.mark.integration
@pytest.mark.parametrize("name", ["relu", "tanh", "digits"])
def test_integers_on_an_avr_are_those_of_numpy_to_the_bit(name, tmp_path):
    """An `int` has 16 bits there."""
    model, X = MODELS[name]()
    export(model, tmp_path / "it.c", arithmetic="int8", calibration=X)
    rows = X[:3].astype(np.float32)
    expected = computed(with_integer_layers(program_of(model), model, X), rows)
    found = run_on_avr(avr_program(tmp_path, rows), expected.shape[1])
    assert found.tolist() == expected.tolist()


def model_outputs(model, X):
    return model.predict(X) if isinstance(model, Network) else model.outputs(X)


@pytest.mark.parametrize("name", MODELS)
def test_integers_are_close_to_the_network(name):
    """On average to 5 % of the outputs' spread, for weights that no training has made."""
    model, X = MODELS[name]()
    expected = model_outputs(model, X)
    found = computed(with_integer_layers(program_of(model), model, X), X)
    error = np.abs(found - expected).mean(axis=0)
    assert (error <= 0.05 * expected.std(axis=0) + 1e-6).all(), error / expected.std(axis=0)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_digits_in_integers_are_as_accurate_as_in_floats(tmp_path):
    """To 0.5 % on rows that neither the training nor the calibration has seen."""
    order = np.random.default_rng(0).permutation(len(DIGITS.X))
    X, y, new = DIGITS.X[order[:1000]], DIGITS.y[order[:1000]], order[1000:]
    model = MLPClassifier(64, max_iter=40, random_state=0).fit(X, y)
    export(model, tmp_path / "it.c", arithmetic="int8", calibration=X[:200])
    outputs = run_c(tmp_path / "it.c", DIGITS.X[new], 10)
    accuracy = (model.classes_[outputs.argmax(axis=1)] == DIGITS.y[new]).mean()
    assert accuracy > 0.9 and abs(accuracy - model.score(DIGITS.X[new], DIGITS.y[new])) <= 0.005
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.integration
def test_integers_of_a_table_pass_sanitizers(tmp_path):
    """Also for numbers that are missing, unknown, or far from those of the calibration."""
    rows = {"x": [*range(29), None], "kind": ["a", "b", "c"] * 10}
    encoding = TableEncoding.fit(rows, numbers="piecewise", bins=4)
    network = Network.dense([encoding.n_inputs, 16, 3], hidden="tanh", output="softmax", seed=1)
    model = predictor_of(network, encoding, classes=("p", "q", "r"))
    export(model, tmp_path / "it.c", arithmetic="int8", calibration=rows)
    program = compile_c(tmp_path / "it.c", "-DIT_MAIN", *SANITIZED)
    given = {
        name: ["" if value is None else str(value) for value in values]
        for name, values in rows.items()
    }
    numbers = np.vstack([raw_numbers(encoding, given), [[np.nan, np.nan], [1e38, 9]]])
    labels, outputs = predicted(program, numbers, 3)
    np.testing.assert_allclose(outputs[:30], model.outputs(rows), atol=0.03)
    assert len(labels) == 32 and np.isfinite(outputs).all()


def test_a_grid_is_that_of_jacob_et_al():
    """Equation 1 and the nudged zero of section 3: r = S (q - Z) for q from -128 to 127."""
    grid = Grid.of(np.array([[-1.0, 3.0], [0.5, 2.0]]))
    assert (grid.size, grid.zero) == (4 / 255, -64)  # round(-128 + 1 / S) = round(-64.25)
    columns = Grid.of(np.array([[-1.0, 3.0, 0.0], [0.5, 2.0, 0.0]]), axis=0)
    np.testing.assert_allclose(columns.size, [1.5 / 255, 3 / 255, 1.5 / 255])
    fine = Grid.of(np.array([[0.0, 0.0, 1e-12], [1000.0, 0.1, 0.0]]), axis=0)
    np.testing.assert_allclose(fine.size * 255, [1000, 0.1, 1000.1 / 3])
    assert columns.zero.tolist() == [42, -128, -128]
    assert grid.codes(np.array([[-9.0, 0.0, 4 / 255, 9.0]])).tolist() == [[-128, -64, -63, 127]]


def test_a_layer_worked_out_by_hand():
    """x from 0 to 255 is its code + 128; the weights of each output are steps of its own."""
    network = Network([Dense(1, 2, "relu"), Dense(2, 1)], dtype="float64")
    first, last = network.layers
    first.weights, first.bias = [[1.0, -64 / 127]], [0.0, 10.0]
    last.weights, last.bias = [[1.0], [1.0]], [0.5]
    rows = np.linspace(0.0, 255.0, 30)[:, np.newaxis]
    _, hidden, sums = with_integer_layers(program_of(network), network, rows).steps
    assert hidden.parts["weights"].tolist() == [[127, -127]]
    assert hidden.parts["bias"].tolist() == [128 * 127, round(10 * 127 * 127 / 64) - 128 * 127]
    ratio = hidden.parts["multiplier"] / 2.0 ** hidden.parts["shift"]
    np.testing.assert_allclose(ratio, [1 / 127, 64 / 127 / 127])  # as activations go up to 255
    assert 2**30 <= hidden.parts["multiplier"].max() < 2**31 and hidden.parts["zero"] == -128
    assert sums.parts["weights"].tolist() == [[127], [127]]
    np.testing.assert_allclose(sums.parts["step"], 1 / 127)
    assert sums.parts["bias"].tolist() == [round(0.5 * 127) + 2 * 128 * 127]


def test_a_bias_far_beyond_the_weights_stays_in_32_bits():
    network = Network([Dense(1, 2, "relu"), Dense(2, 1)], dtype="float64")
    network.layers[0].weights, network.layers[0].bias = [[1e-12, 1.0]], [5.0, 0.0]
    network.layers[1].weights = [[1.0], [1.0]]
    X = np.linspace(0, 5, 50)[:, np.newaxis]
    found = computed(with_integer_layers(program_of(network), network, X), X)
    np.testing.assert_allclose(found, network.predict(X), atol=0.06)


NETWORK = Network.dense([3, 4, 2], seed=1)
INT8 = {"arithmetic": "int8", "calibration": ROWS}
STEEP = Network([Dense(3, 4, "tanh"), Dense(4, 2)], seed=1)
STEEP.layers[0].weights = np.full((3, 4), 1e30)


def norms(*layers):
    return Network([*layers], seed=1)


def wide_network():
    network = Network([Dense(34_000, 1)], seed=1)
    network.layers[0].weights = np.ones((34_000, 1))
    return network


def coarse_network(output="identity"):
    """A network whose output depends on the small one of two hidden numbers."""
    network = Network([Dense(2, 2, "relu"), Dense(2, 1, output)], seed=1)
    network.layers[0].weights = [[1e6, 0], [0, 1]]
    network.layers[1].weights, network.layers[1].bias = [[0], [1]], [-0.5]
    return network


def test_integers_that_change_the_outputs_are_a_warning(tmp_path):
    X = np.random.default_rng(0).uniform(size=(100, 2))
    options = {"arithmetic": "int8", "calibration": X}
    remedy = "scale the columns, use more rows like those of the training, or float32$"
    error = 100 * np.abs(X[:, 1] - 0.5).mean() / np.ptp(X[:, 1])  # as all codes are 0
    with pytest.warns(
        UserWarning, match=f"by {error:.0f} % of their range on average; {remedy}"
    ) as caught:
        export(coarse_network(), tmp_path / "it.c", **options)
    assert [each.filename for each in caught] == [__file__]
    classes = predictor_of(coarse_network("sigmoid"), Scaling.fit("none", X), classes=("a", "b"))
    above = f"{100 * (X[:, 1] > 0.5).mean():.0f} %"
    with pytest.warns(UserWarning, match=f"changes the classes of {above} of the calibration rows"):
        export(classes, tmp_path / "it.c", **options)
    # With a threshold of 0.3, all of these probabilities, from 0.38 to 0.62, predict one class.
    export(classes.with_threshold(0.3), tmp_path / "it.c", **options)


def few_rows_of_iris():
    """A classifier of iris, its rows in a random order, and 5 that have two of the classes."""
    data = load_dataset("iris")
    order = np.random.default_rng(0).permutation(150)
    X, y = data.X[order], data.y[order]
    return MLPClassifier(16, max_iter=300, random_state=0).fit(X, y), X


FEW = r"^calibration: 5 rows determine the ranges of int8, which other rows exceed; "
MORE = "use 30 rows or more, a few hundred if possible, like the training's$"


@pytest.mark.case(171)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_few_calibration_rows_are_a_warning(tmp_path):
    """Integers in Python's own arithmetic count the classes that change."""
    model, X = few_rows_of_iris()
    small = X[np.argsort(X[:, 2])[:5]]  # of the smallest petals, all of one class
    with pytest.warns(UserWarning, match=FEW + MORE) as caught:
        export(model, tmp_path / "it.c", arithmetic="int8", calibration=small)
    assert [each.filename for each in caught] == [__file__]
    program = program_of(model)
    with pytest.warns(UserWarning, match=FEW):
        integers = with_integer_layers(program, model, small)
    labels = model.classes_[computed(integers, X).argmax(axis=1)]
    changed = (labels != model.predict(X)).mean()
    assert changed > 0.3
    beside = f"arithmetic: int8 changes the classes of {100 * changed:.0f} % of the rows for comp"
    with pytest.warns(UserWarning, match=f"{FEW}{beside}arison; {MORE}"):
        export(model, tmp_path / "it.c", arithmetic="int8", calibration=small, comparison=X)


@pytest.mark.case(171)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_beside_those_of_the_calibration_decide(tmp_path):
    """40 rows of one class are enough for themselves, but not for the others."""
    model, X = few_rows_of_iris()
    small = X[np.argsort(X[:, 2])[:40]]
    options = {"arithmetic": "int8", "calibration": small}
    export(model, tmp_path / "it.c", **options)
    with pytest.warns(UserWarning, match=r"classes of \d\d % of the rows for comparison; scale"):
        export(model, tmp_path / "it.c", **options, comparison=X)
    export(model, tmp_path / "it.c", arithmetic="int8", calibration=X[:75], comparison=X[75:])


@pytest.mark.parametrize(
    ("model", "options", "argument", "problem"),
    [
        (Ensemble([NETWORK] * 2), INT8, "arithmetic", "several networks; train one"),
        (norms(LayerNorm(3), Dense(3, 2)), INT8, "arithmetic", "has normalize row; use arith"),
        (norms(Dense(3, 2), PReLU(2), Dense(2, 2)), INT8, "arithmetic", "has prelu; use ari"),
        (norms(Dense(3, 2, "softmax"), Dense(2, 2)), INT8, "arithmetic", "this has softmax"),
        (norms(PReLU(3)), INT8, "arithmetic", "this has prelu"),
        (norms(ActivationLayer("relu"), Dense(3, 2)), INT8, "arithmetic", "them, and this has re"),
        (norms(ActivationLayer("tanh"), Dense(3, 4), Dense(4, 2)), INT8, "arithmetic", "has tanh"),
        (NETWORK, {"arithmetic": "int4"}, "arithmetic", "unknown 'int4', did you mean 'int8'"),
        (NETWORK, {"arithmetic": "int8"}, "calibration", "expected rows for int8 arithmetic"),
        (NETWORK, {"calibration": ROWS}, "calibration", "and for it alone"),
        (NETWORK, {"comparison": ROWS}, "comparison", "for int8 arithmetic alone"),
        (NETWORK, INT8 | {"comparison": ROWS[:, :2]}, "comparison", "has 2 features"),
        (NETWORK, INT8 | {"calibration": ROWS[:, :2]}, "calibration", "has 2 features"),
        (NETWORK, INT8 | {"calibration": ROWS[:0]}, "calibration", "is empty"),
        (NETWORK, INT8 | {"calibration": ROWS * np.nan}, "calibration", "nan at"),
        (NETWORK, INT8 | {"calibration": ROWS * 1e36}, "calibration", "beyond .*; use rows"),
        (STEEP, INT8 | {"calibration": ROWS * 1e20}, "calibration", "activations of its rows are"),
        (wide_network(), INT8 | {"calibration": np.ones((1, 34_000))}, "arithmetic", "34000 in"),
    ],
)  # fmt: skip
def test_what_integers_cannot_compute_is_refused(
    tmp_path, model, options, argument, problem, refused
):
    with refused(argument, problem):
        export(model, tmp_path / "it.c", **options)
    with refused("arithmetic", "only C has integers of 8 bits, and this is json; use to='c'$"):
        export(NETWORK, tmp_path / "it.json", **INT8)
    assert list(tmp_path.iterdir()) == []

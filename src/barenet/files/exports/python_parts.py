"""The parts that Python exports are put together from: functions in NumPy, as they will stand.

Each activation is the formula of `barenet.model.activations`, with the same operations in the same
order. GELU alone differs: NumPy has no normal distribution, so the one of `math` is taken.
"""

from __future__ import annotations

from barenet.files.exports.encode import Encode
from barenet.files.exports.steps import (
    Affine,
    Both,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.model.activations import (
    ELU,
    GELU,
    Activation,
    Exponential,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)

__all__ = [
    "ACTIVATIONS",
    "ARRAYS",
    "CHECK",
    "DECODE",
    "EXPRESSIONS",
    "MAIN",
    "NEEDS",
    "NORMALIZE",
    "PREDICT",
    "READ",
]

ACTIVATIONS: dict[type[Activation], str] = {
    ReLU: '''\
def relu(Z):
    """max(0, z)"""
    return np.maximum(Z, 0)
''',
    LeakyReLU: '''\
def leaky_relu(Z, slope):
    """z where it is positive, else a fraction of it"""
    return np.where(Z > 0, Z, slope * Z)
''',
    ELU: '''\
def elu(Z, alpha):
    """z where it is positive, else alpha (exp(z) - 1)"""
    return np.where(Z > 0, Z, alpha * np.expm1(np.minimum(Z, 0)))
''',
    GELU: '''\
def gelu(Z):
    """z times the share of the normal distribution that lies below z"""
    share = [0.5 * math.erfc(z) for z in (Z.ravel() * -math.sqrt(0.5)).tolist()]
    return Z * np.array(share, Z.dtype).reshape(Z.shape)
''',
    SiLU: '''\
def silu(Z):
    """z sigmoid(z)"""
    return Z * sigmoid(Z)
''',
    Tanh: '''\
def tanh(Z):
    """The hyperbolic tangent"""
    return np.tanh(Z)
''',
    Sigmoid: '''\
def sigmoid(Z):
    """1 / (1 + exp(-z)), which is 0 where exp(-z) is beyond all numbers"""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))
''',
    Softplus: '''\
def softplus(Z):
    """ln(1 + exp(z))"""
    return np.logaddexp(Z, Z.dtype.type(0))
''',
    Exponential: '''\
def exponential(Z):
    """exp(z)"""
    return np.exp(Z)
''',
    Softmax: '''\
def softmax(Z):
    """exp(z) of each entry over the row's sum; less the row's greatest, so that none overflows"""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
''',
}

#: What an activation calls.
NEEDS: dict[type[Activation], tuple[type[Activation], ...]] = {SiLU: (Sigmoid,)}

#: The line of each step, in which X is what the step before has left.
EXPRESSIONS: dict[type[Step], str] = {
    Scale: "((X - OFFSET) * FACTOR).astype(np.{dtype})",
    Affine: "X @ WEIGHTS_{n} + BIAS_{n}",
    Normalize: "GAIN_{n} * ((X - MEAN_{n}) / DEVIATION_{n}) + BIAS_{n}",
    NormalizeRow: "GAIN_{n} * normalize(X, {epsilon!r}) + BIAS_{n}",
    Encode: "encode(X)",
    Both: "np.hstack([1 - X, X])",
    Unscale: "X / TARGET_FACTOR + TARGET_OFFSET",
}

#: What the arrays of each step are called there.
ARRAYS: dict[type[Step], str] = {
    Scale: "{0}",
    Affine: "{0}_{1}",
    Normalize: "{0}_{1}",
    NormalizeRow: "{0}_{1}",
    Unscale: "TARGET_{0}",
}

CHECK = """\
    X = np.asarray(X, float)
    if X.ndim != 2 or X.shape[1] != N_INPUTS or not np.isfinite(X).all():
        raise ValueError(f"X: expected finite numbers in rows of {N_INPUTS}, got {X.shape}")
"""

NORMALIZE = '''\
def normalize(X, epsilon):
    """Bring each row to mean 0 and variance 1."""
    deviation = np.sqrt(X.var(axis=1, keepdims=True) + epsilon)
    return (X - X.mean(axis=1, keepdims=True)) / deviation
'''

DECODE = '''\
def decode(dtype, shape, text):
    """Read an array from its bytes, the lowest first."""
    little = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(b64decode(text), little).reshape(shape).astype(dtype)
'''

PREDICT = {
    "class": '''\
def predict(X):
    """Name the most probable class of each row."""
    return np.array(CLASSES)[{outputs}(X).argmax(axis=1)]
''',
    "labels": '''\
def predict(X):
    """Tell which labels each row has: a 1 for each that is more probable than not."""
    return ({outputs}(X) > 0.5).astype(int)
''',
    "numbers": '''\
def predict(X):
    """Predict {what} for each row."""
    Y = {outputs}(X)
    return Y[:, 0] if Y.shape[1] == 1 else Y
''',
}

READ = '''\
def read(path):
    """Read the rows of a CSV file: by the names in its first line, or else as they are."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    if not lines or all(map(is_number, lines[0])):
        return lines
    header = lines.pop(0)
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{len(header)} names in the header, and {len(line)} values in {line}")
    if missing := [name for name in FEATURES if name not in header]:
        raise ValueError(f"no column {', '.join(missing[:5])}")
    columns = [header.index(name) for name in FEATURES] or range(len(header))
    return [[line[column] for column in columns] for line in lines]


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
'''

#: How the answers of each kind are printed: their names, and their columns.
_COLUMNS = {
    "class": """\
    header = ["prediction", *(f"probability_{name}" for name in CLASSES)]
    columns = [predict(X), *probabilities(X).T]
""",
    "labels": """\
    header = [f"{kind}_{name}" for kind in ("prediction", "probability") for name in CLASSES]
    columns = [*predict(X).T, *probabilities(X).T]
""",
    "numbers": """\
    columns = outputs(X).T
    several = [f"prediction_{number}" for number in range(1, len(columns) + 1)]
    header = several if len(columns) > 1 else ["prediction"]
""",
}

_MAIN = '''\
def main():
    """Print an answer for each row of a CSV file, as CSV."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} rows.csv > answers.csv")
    try:
        X = READ
COLUMNS    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    try:
        writer.writerow(header)
        writer.writerows(zip(*(column.astype(str) for column in columns)))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
'''

#: By whether rows are those of a table, and the kind of the answer.
MAIN = {
    (is_table, answer): _MAIN.replace(
        "COLUMNS", "".join(f"    {line}\n" for line in text.splitlines())
    ).replace("READ", "read(sys.argv[1])" if is_table else "np.array(read(sys.argv[1]), float)")
    for answer, text in _COLUMNS.items()
    for is_table in (False, True)
}

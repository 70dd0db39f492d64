"""Converters for skl2onnx: a pipeline with an estimator of barenet as one ONNX model."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import MissingExtraError
from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._regressor import MLPRegressor
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._onnx_file import TYPES, write_outputs

#: Options of skl2onnx for classifiers, which must be declared.
OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
}


def register_onnx_converters() -> None:
    """Register converters of `MLPClassifier` and `MLPRegressor` with skl2onnx.

    Call it once before ``skl2onnx.to_onnx`` with a pipeline of one of them; pass
    ``target_opset=17`` for an ONNX Runtime that is older than the onnx package. For an estimator
    alone, or after a scaler, use `export`.

    Raises
    ------
    MissingExtraError
        If skl2onnx is not installed.

    See Also
    --------
    export : A network, a predictor or an estimator as ONNX, C, Python or JSON.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPClassifier, register_onnx_converters
    >>> from skl2onnx import to_onnx
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32), [0, 0, 1, 1]
    >>> classifier = MLPClassifier(4, solver="lbfgs", random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), classifier).fit(X, y)
    >>> register_onnx_converters()
    >>> model = to_onnx(pipeline, X, options={"zipmap": False}, target_opset=17)
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities']
    """
    try:
        register = importlib.import_module("skl2onnx").update_registered_converter
    except ImportError as error:
        raise MissingExtraError(
            "a pipeline as ONNX needs skl2onnx: pip install 'barenet[onnx]' skl2onnx"
        ) from error
    register(MLPClassifier, "BarenetMLPClassifier", _set_types, _convert, options=dict(OPTIONS))
    register(MLPRegressor, "BarenetMLPRegressor", _set_types, _convert)


def _set_types(operator: Any) -> None:
    """Set the types and shapes of the outputs."""
    types = importlib.import_module("skl2onnx.common.data_types")
    program = program_of(operator.raw_operator)
    numbers = types.FloatTensorType if program.dtype == np.float32 else types.DoubleTensorType
    n_samples = operator.inputs[0].get_first_dimension()
    operator.outputs[-1].type = numbers([n_samples, program.n_outputs])
    if program.classes:
        text = isinstance(program.classes[0], str)
        kind = types.StringTensorType if text else types.Int64TensorType
        operator.outputs[0].type = kind([n_samples])


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the operators of an estimator."""
    program = program_of(operator.raw_operator)
    graph = _Graph(scope, container)
    *labels, outputs = (variable.full_name for variable in operator.outputs)
    X = graph.add("Cast", operator.inputs[0].full_name, to=TYPES[str(program.dtype)])
    write_outputs(program, graph, X, outputs, *labels)


class _Graph:
    """Adds operators and constants to the graph of a pipeline."""

    def __init__(self, scope: Any, container: Any) -> None:
        self.scope, self.container = scope, container

    def add(self, operator: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        result = output or self.scope.get_unique_variable_name(operator.lower())
        name = self.scope.get_unique_operator_name(f"barenet_{operator}")
        self.container.add_node(operator, list(inputs), [result], name=name, **options)
        return result

    def constant(self, values: NDArray[Any]) -> str:
        name: str = self.scope.get_unique_variable_name("constant")
        text = values.dtype == object
        kind = TYPES["string" if text else str(values.dtype)]
        content = [name.encode() for name in values] if text else values.ravel().tolist()
        self.container.add_initializer(name, kind, list(values.shape), content)
        return name

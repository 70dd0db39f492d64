"""Converters for skl2onnx: a pipeline with an estimator of barenet as one ONNX model."""

import importlib
from typing import Any

import numpy as np

from barenet._extras import install_command
from barenet.errors import MissingExtraError
from barenet.estimators._classifier import MLPClassifier
from barenet.estimators._regressor import MLPRegressor
from barenet.files.exports._inference_program import Program, program_of
from barenet.files.exports._onnx_file import OPSET, TYPES, OnnxGraph, write_outputs
from barenet.model.losses import GaussianNLL

#: Options of skl2onnx for classifiers, which must be declared.
OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
}


def register_onnx_converters() -> None:
    """Register converters of `MLPClassifier` and `MLPRegressor` with skl2onnx.

    Call it once before passing a pipeline with one of them to ``skl2onnx.to_onnx``. Use
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
    >>> from barenet import MLPClassifier
    >>> from barenet.estimators import register_onnx_converters
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
        problem = f"a pipeline as ONNX needs skl2onnx: {install_command('onnx', 'skl2onnx')}"
        raise MissingExtraError(problem) from error
    register(MLPClassifier, "BarenetMLPClassifier", _set_types, _convert, options=dict(OPTIONS))
    register(MLPRegressor, "BarenetMLPRegressor", _set_types, _convert)


def _set_types(operator: Any) -> None:
    """Set the types and shapes of the outputs."""
    types = importlib.import_module("skl2onnx.common.data_types")
    program = program_of(operator.raw_operator)
    number_type = types.FloatTensorType if program.dtype == np.float32 else types.DoubleTensorType
    n_samples = operator.inputs[0].get_first_dimension()
    n_predicted = _n_predicted(operator.raw_operator, program)
    operator.outputs[-1].type = number_type([n_samples, n_predicted])
    if program.classes:
        label_type = types.Int64TensorType
        if isinstance(program.classes[0], str):
            label_type = types.StringTensorType
        operator.outputs[0].type = label_type([n_samples])


def _n_predicted(estimator: Any, program: Program) -> int:
    """Count the outputs that an estimator predicts; means are predicted without variances."""
    if isinstance(getattr(estimator._encoder, "loss", None), GaussianNLL):
        return program.n_outputs // 2
    return program.n_outputs


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the operators of an estimator."""
    program = program_of(operator.raw_operator)
    onnx = importlib.import_module("onnx")
    graph = OnnxGraph(onnx, scope.get_unique_operator_name("barenet"))
    names = [variable.full_name for variable in operator.outputs]
    labels = names[:-1]
    outputs = names[-1]
    X = graph.add("Cast", operator.inputs[0].full_name, to=TYPES[str(program.dtype)])
    predicted = _n_predicted(operator.raw_operator, program)
    if predicted == program.n_outputs:
        write_outputs(program, graph, X, outputs, *labels)
    else:
        write_outputs(program, graph, X, f"{graph.prefix}/outputs")
        start = graph.constant(np.array([0]))
        stop = graph.constant(np.array([predicted]))
        axis = graph.constant(np.array([1]))
        graph.add("Slice", f"{graph.prefix}/outputs", start, stop, axis, output=outputs)
    container.nodes += graph.nodes
    container.initializers += graph.constants
    container.node_domain_version_pair_sets.add(("", min(OPSET, container.target_opset)))

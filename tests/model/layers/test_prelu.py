"""PReLU: PyTorch's figures, and a case worked by hand."""

import numpy as np

from barenet.model._network import Network
from barenet.model.layers import PReLU


def test_passes_agree_with_pytorch(pytorch):
    layer = PReLU(3)
    Network([layer], dtype="float64")
    layer.slopes = pytorch["prelu"]["slopes"]
    for step in pytorch["prelu"]["steps"]:
        output, cache = layer.forward(np.array(step["X"]))
        d_slopes = np.empty(3)
        d_X = layer.backward(cache, np.array(step["d_output"]), {"slopes": d_slopes})
        found = {"output": output, "d_X": d_X, "d_gain": d_slopes}
        for part, array in found.items():
            np.testing.assert_allclose(array, step[part], rtol=1e-12, atol=0, err_msg=part)


def test_prelu_by_hand():
    network = Network([PReLU(2, slope=0.5)], dtype="float64")
    X, d_output = np.array([[-2.0, 4.0], [-6.0, 0.0]]), np.array([[1.0, 10.0], [3.0, 7.0]])
    output, cache = network.forward(X)
    assert output.tolist() == [[-1, 4], [-3, 0]]
    assert network.backward(cache, d_output).tolist() == [-20, 0]  # 1 · −2 + 3 · −6
    d_X = network.layers[0].backward(cache[0], d_output, {"slopes": np.empty(2)})
    assert d_X.tolist() == [[0.5, 10], [1.5, 3.5]]  # at 0 it is the slope, as in PyTorch

"""Muon: steps whose matrices are nearly orthogonal, by Newton-Schulz iterations."""

from dataclasses import dataclass

import numpy as np

from barenet._constraints import option
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.optimization.optimizers._adaptive import AdamBase
from barenet.optimization.optimizers._optimizer import UpdateFormula, euclidean_norm

#: Coefficients of the quintic a X + b (X Xᵀ) X + c (X Xᵀ)² X, of Jordan and others.
QUINTIC = (3.4445, -4.7750, 2.0315)
#: Number of times that the quintic is applied.
ITERATIONS = 5


@dataclass
class Muon(AdamBase):
    """Momentum whose matrix of each hidden layer is made nearly orthogonal; AdamW elsewhere.

    The step of a layer's weights, with n inputs, k outputs and a running mean M of the gradient G::

        M ← β₁ M + (1 − β₁) G            U = β₁ M + (1 − β₁) G
        W ← (1 − η λ) W − η · 0.2 √max(n, k) · orthogonalized(U)

    so all directions are learned at the same pace, even those with small gradients. Biases, gains
    and the weights of the last layer take the steps of AdamW. From Jordan and others, "Muon: an
    optimizer for hidden layers in neural networks" (2024), with the factor of Liu and others, "Muon
    is scalable for LLM training" (2025), with which AdamW's learning rates are suitable. It needs
    the shapes of the matrices, so `train` sets `layout` to that of the network.

    Parameters
    ----------
    learning_rate : float, default=0.01
        η, the scale of the steps.
    beta1, beta2, epsilon : float, default=0.95, 0.95 and 1e-08
        β₁ and β₂, the fractions of the old averages that are kept, and ε, which prevents a
        division by 0.
    weight_decay : float, default=0.01
        λ.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.

    Examples
    --------
    >>> from barenet import Network
    >>> network, muon = Network.dense([2, 3, 1], init="zeros"), Muon(learning_rate=0.1)
    >>> muon.layout = network.layout
    >>> muon.step(network.parameters, np.eye(13, dtype="float32")[0])
    >>> network.layers[0].weights.round(3)  # all of the step is in one direction, 0.1 · 0.2 · √3
    array([[-0.024,  0.   ,  0.   ],
           [ 0.   ,  0.   ,  0.   ]], dtype=float32)
    """

    name = "muon"
    formula = UpdateFormula(
        {"theta": ""}, text="Hidden weights take nearly orthogonal steps, all others AdamW's."
    )
    elementwise = False
    learning_rate: float = option(0.01, gt=0)
    beta1: float = option(0.95, ge=0, lt=1)
    beta2: float = option(0.95, ge=0, lt=1)
    weight_decay: float = option(0.01, ge=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        if self.layout is None:
            raise ArgumentError("muon needs its layout=network.layout", argument=self.role)
        m_hat, v_hat = self._corrected_moments(gradient)
        direction = m_hat / (np.sqrt(v_hat) + self.epsilon)
        ahead = self.beta1 * self.moments["mean"] + (1 - self.beta1) * gradient
        weights = [slot for slot in self.layout.slots if slot.name == "weights"]
        hidden_weights = weights[:-1]  # those of the last layer take the step of AdamW
        for slot in hidden_weights:
            part = slice(slot.start, slot.stop)
            matrix = ahead[part].reshape(slot.shape)
            update = orthogonalized(matrix, self.epsilon)
            scale = 0.2 * max(slot.shape) ** 0.5
            direction[part] = scale * update.ravel()
        parameters *= 1 - rate * self.weight_decay
        parameters -= rate * direction


def orthogonalized(matrix: FloatArray, epsilon: float = 1e-8) -> FloatArray:
    """Bring all singular values close to 1, from about 0.7 to 1.2, and keep the directions.

    The quintic keeps the singular vectors of X, and acts on each singular value.
    """
    if len(matrix) > matrix.shape[1]:
        return orthogonalized(matrix.T, epsilon).T
    X = matrix / max(euclidean_norm(matrix.ravel()), epsilon)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = X @ X.T
        X = a * X + (b * gram + c * (gram @ gram)) @ X
    return X

"""What an activation of one's own needs: f and f′."""

from __future__ import annotations

import numpy as np

from barenet.model.activations import Activation, as_activation


def test_an_activation_of_ones_own():
    class Square(Activation):
        name = "square"

        def forward(self, Z):
            return Z * Z

        def derivative(self, Z, A):
            return 2 * Z

    Z, d_A = np.array([[3.0]]), np.array([[0.5]])
    assert Square().backward(Z, Square().forward(Z), d_A) == 3.0
    square = Square()
    assert as_activation(square) is square

"""Dropout: set random inputs to 0 while training, so that no neuron relies on a single input."""

from typing import ClassVar

from barenet._constraints import check_number
from barenet.model._arrays import Arrays, FloatArray, Forward
from barenet.model._randomness import uniforms
from barenet.model.layers._layer import Layer


class Dropout(Layer):
    """Dropout: set each input to 0 with probability `rate` in training; no effect in prediction.

    The other inputs are divided by 1 − rate, which keeps their mean, so that prediction needs no
    correction. From Srivastava and others, "Dropout: a simple way to prevent neural networks from
    overfitting" (2014).

    Parameters
    ----------
    rate : float, default=0.5
        Probability of dropping an input, from 0 to below 1.

    Examples
    --------
    >>> output, _ = Dropout(0.5).forward(np.ones((1, 6)), training=True, rng_key=1)
    >>> output
    array([[2., 2., 2., 0., 0., 2.]])
    """

    name: ClassVar[str] = "dropout"

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = check_number(rate, "rate", ge=0, lt=1)

    def forward(self, X: FloatArray, *, training: bool = False, rng_key: int = 0) -> Forward:
        """Compute X · M with a mask M of 0 and 1 / (1 − rate); entry i depends on the key and i."""
        if not training or self.rate == 0:
            return X, None
        keep = uniforms(rng_key, X.shape) >= self.rate
        mask = keep.astype(X.dtype) / X.dtype.type(1 - self.rate)
        return X * mask, mask

    def backward(self, cache: FloatArray | None, d_output: FloatArray, out: Arrays) -> FloatArray:
        """Compute dL/dX = dL/d(output) · M: a dropped input does not affect the loss."""
        return d_output if cache is None else d_output * cache

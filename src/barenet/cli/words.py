"""What a network says of an image, in words, and the image in the letters of a terminal."""

from __future__ import annotations

import numpy as np

from barenet.model.arrays import FloatArray

__all__ = ["draw_image", "guess", "truth"]

#: From paper to ink.
SHADES = " ░▒▓█"
#: Columns of a small terminal.
MOST_COLUMNS = 79


def guess(name: str, share: float) -> str:
    """Say what an image is, and how sure that is.

    Examples
    --------
    >>> guess("3", 0.9719), guess("8", 1.0)
    ("I'm 97.2 % sure that it's a 3.", "I'm 100.0 % sure that it's an 8.")
    """
    return f"I'm {100 * share:.1f} % sure that it's {_with_article(name)}."


def truth(name: str) -> str:
    """Say what an image is.

    Examples
    --------
    >>> truth("Ankle boot")
    'It is an Ankle boot.'
    """
    return f"It is {_with_article(name)}."


def draw_image(pixels: FloatArray, shape: tuple[int, int]) -> str:
    """Draw an image as text.

    A small image has two letters for a pixel, in five shades; a larger one has a letter for two
    pixels, one above the other, in black and white.

    Examples
    --------
    >>> print(draw_image(np.array([0.0, 2.0, 4.0, 1.0]), (2, 2)))
      ▒▒
    ██░░
    """
    image = np.asarray(pixels, float).reshape(shape)
    image = image - image.min()
    shades = np.rint((len(SHADES) - 1) * image / (image.max() or 1.0)).astype(int)
    if shape[1] <= MOST_COLUMNS // 4:
        lines = ["".join(2 * SHADES[shade] for shade in row) for row in shades]
    elif shape[1] <= MOST_COLUMNS:
        pairs = np.pad(shades, ((0, shape[0] % 2), (0, 0)))
        upper, lower = pairs[::2] > 1, pairs[1::2] > 1
        lines = ["".join(" ▄▀█"[index] for index in row) for row in 2 * upper + lower]
    else:
        lines = []
    return "\n".join(line.rstrip() for line in lines)


def _with_article(name: str) -> str:
    an = name[:1].lower() in "aeiou" or name in ("8", "11", "18")
    return f"{'an' if an else 'a'} {name}"

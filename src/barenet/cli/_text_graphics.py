"""Bars and images as text in a terminal."""

import numpy as np

from barenet import Predictor
from barenet.cli._console import MAX_COLUMNS, emit
from barenet.model._array_dataset import class_probabilities, predicted_classes
from barenet.model._arrays import FloatArray

#: Shades from paper to ink.
SHADES = " ░▒▓█"
#: A character for two pixels, by whether the upper and the lower one are dark.
BLOCKS = {(False, False): " ", (False, True): "▄", (True, False): "▀", (True, True): "█"}
#: Number of columns of the longest bar.
BAR_WIDTH = 24


def bar(fraction: float) -> str:
    """Draw a bar, to an eighth of a character."""
    eighths = round(fraction * BAR_WIDTH * 8)
    full = "█" * (eighths // 8)
    end = " ▏▎▍▌▋▊▉"[eighths % 8]
    return full + end.strip()


def emit_image(
    predictor: Predictor, pixels: FloatArray, outputs: FloatArray, actual: str | None = None
) -> None:
    """Print the predicted class of an image in words, and the image."""
    classes = predictor.classes or ()
    predicted = predicted_classes(outputs, predictor.threshold)[0]
    probability = class_probabilities(outputs)[0, predicted]
    emit(describe_image(classes[predicted], float(probability), actual))
    emit(draw_image(pixels, predictor.image_shape or (1, 1)))


def describe_image(prediction: str, probability: float, actual: str | None = None) -> str:
    """Name the predicted class of an image, and the actual one.

    Examples
    --------
    >>> describe_image("3", 0.9719)
    "I'm 97.2 % sure that it's a 3."
    >>> describe_image("8", 1.0, "Ankle boot")
    "I'm 100.0 % sure that it's an 8. It is an Ankle boot."
    """
    text = f"I'm {100 * probability:.1f} % sure that it's {_with_article(prediction)}."
    if actual is not None:
        text += f" It is {_with_article(actual)}."
    return text


def draw_image(pixels: FloatArray, shape: tuple[int, int]) -> str:
    """Draw an image as text.

    A small image has two characters for each pixel, in five shades. A larger image has one
    character for two pixels, one above the other, in black and white.

    Examples
    --------
    >>> print(draw_image(np.array([0.0, 2.0, 4.0, 1.0]), (2, 2)))
      ▒▒
    ██░░
    """
    image = np.asarray(pixels, float).reshape(shape)
    image = image - image.min()
    darkest = image.max()
    if darkest == 0:  # an image with a single colour is blank
        darkest = 1.0
    last_shade = len(SHADES) - 1
    shades = np.rint(last_shade * image / darkest).astype(int)
    lines = []
    if shape[1] <= MAX_COLUMNS // 4:
        for row in shades:
            line = ""
            for shade in row:
                character = SHADES[shade]
                line += f"{character}{character}"
            lines.append(line)
    elif shape[1] <= MAX_COLUMNS:
        pairs = np.pad(shades, ((0, shape[0] % 2), (0, 0)))
        upper_is_dark = (pairs[::2] > 1).tolist()
        lower_is_dark = (pairs[1::2] > 1).tolist()
        for upper, lower in zip(upper_is_dark, lower_is_dark, strict=True):
            blocks = [BLOCKS[pair] for pair in zip(upper, lower, strict=True)]
            lines.append("".join(blocks))
    return "\n".join(line.rstrip() for line in lines)


def _with_article(name: str) -> str:
    an = name[:1].lower() in "aeiou" or name in ("8", "11", "18")
    return f"an {name}" if an else f"a {name}"

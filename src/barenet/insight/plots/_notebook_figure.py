"""A figure that a notebook displays without pyplot.

Jupyter displays a bare matplotlib Figure only once pyplot has been imported, and pyplot keeps every
figure alive. This file imports matplotlib at the top: only `style.new_figure` imports it.
"""

from io import BytesIO

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A matplotlib Figure with a PNG for notebooks.

    Examples
    --------
    >>> png, size = NotebookFigure(figsize=(4, 3), dpi=100)._repr_png_()
    >>> png[1:4], size
    (b'PNG', {'width': 400, 'height': 300})
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Render for IPython, with twice the pixels for high-resolution screens."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=2 * self.dpi, facecolor=self.get_facecolor())
        width, height = self.get_size_inches() * self.dpi
        return buffer.getvalue(), {"width": round(width), "height": round(height)}

"""A figure that shows itself in a notebook.

A bare matplotlib Figure appears in Jupyter only once pyplot has been imported, and pyplot keeps
every figure alive. This one brings its own PNG, so a cell that ends in it shows it, and nothing
is held afterwards. It imports matplotlib at the top: only `style.new_picture` imports this file.
"""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

__all__ = ["Picture"]


class Picture(Figure):
    """A matplotlib Figure with a PNG for notebooks.

    Examples
    --------
    >>> png, size = Picture(figsize=(4, 3), dpi=100)._repr_png_()
    >>> png[1:4], size
    (b'PNG', {'width': 400, 'height': 300})
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Render for IPython: twice the pixels, so that the picture is sharp on fine screens."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=2 * self.dpi, facecolor=self.get_facecolor())
        width, height = self.get_size_inches() * self.dpi
        return buffer.getvalue(), {"width": round(width), "height": round(height)}

"""Plots of networks, data and runs, with Matplotlib."""

from barenet.insight.plots import (
    plot_boundary,
    plot_confusion,
    plot_digits,
    plot_fit,
    plot_fit_at_epochs,
    plot_history,
    plot_importance,
    plot_weights,
    save_figure,
)

__all__ = [
    "plot_boundary",
    "plot_confusion",
    "plot_digits",
    "plot_fit",
    "plot_fit_at_epochs",
    "plot_history",
    "plot_importance",
    "plot_weights",
    "save_figure",
]

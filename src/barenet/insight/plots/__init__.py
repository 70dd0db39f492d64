"""Plots of training, predictions, classifiers and weights, as `barenet.plots` exports them.

Each function returns a matplotlib Figure, which a notebook displays and `save_figure` saves. Pyplot
is not used.
"""

"""Optimization: optimizers, schedules, penalties and clipping of gradients, on flat vectors."""

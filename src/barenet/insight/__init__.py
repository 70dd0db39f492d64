"""Gradient checks, explanations of training steps, plots, baselines and permutation importance."""

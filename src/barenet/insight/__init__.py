"""Gradient checks, explained training steps, plots, baselines and permutation importance."""

"""Tasks: rows and a target, from their source to a trained predictor."""

"""What people look at: a step explained, gradients checked, baselines, importances, pictures."""

"""How a gradient becomes a step: pure mathematics on flat vectors."""

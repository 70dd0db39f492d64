"""The computation: activations, initializers, layers, losses, and the network made of them."""

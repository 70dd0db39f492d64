"""What is computed: activations, initializers, layers, losses, and the network made of them."""

"""Further inputs of a network, which are chosen by how well they predict the target."""

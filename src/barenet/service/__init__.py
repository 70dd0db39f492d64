"""Service: a model that predicts over HTTP, and the server that the playground also uses."""

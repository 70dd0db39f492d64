"""The playground: a local page where a network of this library trains live, and its server."""

"""The playground: a local page on which a network of this library trains live, and its server."""

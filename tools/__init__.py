"""Programs for the playground: its static site, and the keys of its catalogues."""

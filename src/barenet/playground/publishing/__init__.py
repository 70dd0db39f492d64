"""The page without a server: recordings, live pages and a site."""

"""The page without a server: recordings and a site."""

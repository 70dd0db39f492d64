"""The catalogues of the page's sentences, and the program that collects their keys."""

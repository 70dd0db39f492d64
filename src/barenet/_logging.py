"""The library's logger, which is silent unless a program configures logging."""

import logging

LOGGER = logging.getLogger("barenet")
LOGGER.addHandler(logging.NullHandler())

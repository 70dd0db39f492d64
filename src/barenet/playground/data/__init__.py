"""The data of the page: tables, opened models, points of the plane, and their preparation."""

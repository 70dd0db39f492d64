"""Rows in memory, by column."""

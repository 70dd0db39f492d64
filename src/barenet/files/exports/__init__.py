"""Exports: a trained network for those who have no barenet. `EXPORTS` holds the formats."""

from __future__ import annotations

from barenet.files.exports.export import EXPORTS, SUFFIXES, Exported, export

__all__ = ["EXPORTS", "SUFFIXES", "Exported", "export"]

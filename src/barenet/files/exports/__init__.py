"""Exports: trained networks as files that predict without barenet."""

from __future__ import annotations

from barenet.files.exports._exporting import EXPORTS, SUFFIXES, Exported, export

__all__ = ["EXPORTS", "SUFFIXES", "Exported", "export"]

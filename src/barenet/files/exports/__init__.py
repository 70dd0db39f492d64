"""Exports: trained networks as files that predict without barenet."""

from barenet.files.exports._exporting import SUFFIXES, Exported, export

__all__ = ["SUFFIXES", "Exported", "export"]

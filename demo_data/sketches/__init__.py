"""Photographs whose labels are images, drawings: as rows of pairs, or as two tables and links."""

"""Photographs with drawings as labels: as rows of pairs, or as two tables and links."""

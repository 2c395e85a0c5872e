"""Render the page: typed elements, figures, HTML."""

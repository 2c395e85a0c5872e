"""Renders the page: typed elements, figures, HTML."""

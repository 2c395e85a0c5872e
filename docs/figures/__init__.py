"""Pictures of the documentation: `python -m docs.figures` draws them anew."""

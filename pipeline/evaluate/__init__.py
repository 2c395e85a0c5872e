"""All metrics of a pushed model on new rows with labels: `python -m pipeline.evaluate`."""

"""The model, and what it exports."""

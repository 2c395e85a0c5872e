"""What the runner files share, an engine each."""

"""What several components share; it imports no component."""

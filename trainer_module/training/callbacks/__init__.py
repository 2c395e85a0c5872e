"""What is watched while a model trains."""

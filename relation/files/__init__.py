"""Files: those that users bring, read within bounds on time and memory; their paths; the disk."""

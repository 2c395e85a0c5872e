"""A file for each kind of relation that rows can teach: its proposal."""

"""Files that users bring, read within bounds on time and memory: globs, bytes, TFRecords."""

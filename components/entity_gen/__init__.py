"""Rows in, through TFX's ExampleGen family: files of any known format to an Examples artifact."""

"""EntityGen: read files of rows into an Examples artifact, by TFX's ExampleGen."""

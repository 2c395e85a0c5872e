"""The nodes of the pipeline, a package each; what two of them share is in `common`."""

"""A dry run of a recipe on the first rows, which finds faults of data, tuples and model early.

It runs the code of the pipeline's steps without TFX, in this process and in a temporary folder.
"""

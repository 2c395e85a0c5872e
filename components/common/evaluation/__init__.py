"""What evaluations hand on: results of tuples and of the corpus, and the last blessed model."""

"""What evaluations pass on: results on tuples and on the corpus, and the last blessed model."""

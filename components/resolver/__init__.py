"""The baseline of a candidate: the latest blessed model that is not the candidate itself."""

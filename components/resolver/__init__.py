"""Resolver: find the baseline of a candidate, the latest blessed model other than itself."""

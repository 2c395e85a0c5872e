"""Pusher: a blessed model to the folder that is served, whole or not at all."""

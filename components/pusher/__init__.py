"""Pusher: copy a blessed model atomically to the folder that is served."""

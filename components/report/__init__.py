"""Report: what a run found, as one page that a person opens and that fetches nothing."""

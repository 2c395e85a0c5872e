"""Anomalies stop the run, with a message that says what they are."""

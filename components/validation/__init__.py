"""StrictExampleValidator: stop the run at anomalies, and list them."""

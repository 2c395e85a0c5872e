"""What every other part builds on: errors, types of configuration, YAML, terminal, fingerprints."""

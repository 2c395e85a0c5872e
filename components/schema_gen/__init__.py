"""The curated schema of an entity type, as an artifact."""

"""The dense index: entities of a split in a fixed order, so that draws are arithmetic."""

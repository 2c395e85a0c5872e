"""Plans: which entities make which tuples. Ids only, no payloads, no Beam.

| module | plans |
|---|---|
| `labels` | pairs and tuples of entities that share a label |
| `edges` | pairs and tuples of entities that an edge connects |
| `grades` | ordered pairs and lists of the documents of a query |
| `alone` | pairs that a function scores; entities with their tags |

A planner takes anchors and where their positives and negatives may lie, and yields `base.Plan`s.
"""

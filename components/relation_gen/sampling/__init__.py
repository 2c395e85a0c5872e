"""Plans: which entities make which tuples. Ids only, no payloads, no Beam.

| module | plans |
|---|---|
| `groups` | pairs and tuples of entities that share a label |
| `edges` | pairs and tuples of entities that an edge connects |
| `ranking` | ordered pairs and lists of the documents of a query |
| `scored_pairs` | pairs that a function scores; entities with their tags |

A planner takes anchors and where their positives and negatives may lie, and yields `plan.Plan`s.
"""

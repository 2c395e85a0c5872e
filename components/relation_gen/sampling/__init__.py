"""Plans: which entities make which tuples. Ids only, no payloads, no Beam.

| module | plans |
|---|---|
| `groups` | pairs and tuples of entities that share a label |
| `edges` | pairs and tuples of entities that an edge connects |
| `ranking` | ordered pairs and lists of the documents of a query |
| `scored_pairs` | pairs that a function scores |
| `tags` | entities with their own tags |
| `inline` | tuples that came as rows |

Each has a `base.Planner`, which `base.planner_of` finds by the structure of a relation. A planner
takes the rows of one index shard, and yields `base.Plan`s.
"""

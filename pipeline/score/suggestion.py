"""The command that shows what a model answers to the files of its own recipe."""

from collections.abc import Mapping

from trainer_module.model.interface import ServedInterface

FIRST, NEIGHBOURS = "5", "5"


def suggestion(interface: ServedInterface, files: Mapping[str, str]) -> list[str] | None:
    """Return arguments of `python -m pipeline.score`, after the model.

    | the model | the command shows |
    |---|---|
    | takes rows that hold both members | their scores |
    | embeds so that related ones are near | nearest neighbours |
    | compares pairs, which a list of edges names | scores of the edges |
    | ranks documents for queries | scores of documents |
    | scores each row: tags, labels | those scores |
    | does none of these | embeddings |

    Args:
      interface: of the model.
      files: path or glob of each table that has files.

    Returns:
      The arguments; None where a table cannot hold the answers, or there are no files.
    """
    compiled = interface.compiled
    if compiled is None:
        return None
    if compiled.tuple_table is not None:
        table = compiled.tuple_table.name
        fits = table in files and len(interface.scored) == 2 and interface.image is None
        return [files[table], "--first", FIRST] if fits else None
    types = interface.relation.entities
    present = [entity for entity in types if entity in files]
    scored = [interface.relation.entity_of(role) for role in interface.scored]
    edges = None if compiled.edge_table is None else files.get(compiled.edge_table.name)
    rows = [files[e] if len(types) == 1 else f"{e}={files[e]}" for e in present]
    if interface.similarity is not None and len(present) == len(types):
        return [*rows, "--neighbours", NEIGHBOURS, "--first", FIRST]
    if edges is not None and len(scored) == 2 and {*scored} <= {*present}:
        return [*rows, "--pairs", edges, "--first", FIRST]
    if compiled.query is not None and len(present) == len(scored) == 2:
        return [*rows, "--first", FIRST]
    if scored[0] not in files:
        return None
    return [rows[present.index(scored[0])], "--first", FIRST]

"""The picture of docs/architecture.md: packages and their imports, and the pipeline's nodes."""

from docs.figures.canvas import Canvas

OURS, TFX = "#dcfce7", "#f3f4f6"
PACKAGES = {
    "pipeline": ((20, 44), (430, 52), "dag · stages · runners · ui · reference · recipes"),
    "components": (
        (20, 138),
        (245, 84),
        "entity_gen · split_gen · relation_gen\ncorpus_evaluator · evaluator · pusher\n"
        "report · validation · schema_gen\nresolver — and common for all",
    ),
    "trainer_module": (
        (285, 138),
        (165, 84),
        "preprocessing · data · model\ntasks · objectives · training\n"
        "towers · heads · losses\nmining · metrics",
    ),
    "relation": (
        (20, 264),
        (430, 52),
        "recipe · sources · compiled · sampling · schema · spec · core",
    ),
}
"""Upper left corner, size and rooms of each package."""
NODES = (
    (
        ("EntityGen", OURS),
        ("EntityStatistics", TFX),
        ("ImportSchemaGen", OURS),
        ("EntityValidator", OURS),
    ),
    (("SplitGen", OURS), ("RelationGen", OURS), ("TupleStatistics", TFX), ("TupleValidator", OURS)),
    (("Transform", TFX), ("Tuner", TFX), ("Trainer", TFX), ("LatestBlessedModel", OURS)),
    (("CorpusEvaluator", OURS), ("Evaluator", OURS), ("Pusher", OURS), ("Report", OURS)),
)
"""The pipeline's nodes in the order that they run, four in a row; ours in green."""


def draw() -> Canvas:
    """Packages on the left, each above those that it imports; the pipeline on the right."""
    canvas = Canvas(1010, 336)
    canvas.text((20, 22), "Packages: an arrow is an import", bold=True)
    for name, (at, size, rooms) in PACKAGES.items():
        canvas.box(at, size, "", "#eff6ff")
        middle = at[0] + size[0] / 2
        canvas.text((middle, at[1] + 14), name, bold=True, align="center")
        canvas.text((middle, at[1] + 18 + (size[1] - 18) / 2), rooms, pt=8.5, align="center")
    for start, end in (((142, 96), (142, 137)), ((367, 96), (367, 137))):
        canvas.arrow(start, end)
    for start, end in (((142, 222), (142, 263)), ((367, 222), (367, 263)), ((275, 96), (275, 263))):
        canvas.arrow(start, end)

    canvas.text((490, 22), "Pipeline: a node is a component (green: ours)", bold=True)
    for line, nodes in enumerate(NODES):
        top = 44 + 76 * line
        for column, (name, fill) in enumerate(nodes):
            left = 490 + 128 * column
            canvas.box((left, top), (116, 44), name, fill, pt=8.5)
            if column:
                canvas.arrow((left - 12, top + 22), (left - 1, top + 22))
        if line:
            canvas.arrow((932, top - 32), (548, top - 1))
    return canvas

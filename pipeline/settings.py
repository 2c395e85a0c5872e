"""What the engines share: the default recipe, and how components run Beam."""

DEFAULT_RECIPE = "digits_triplets"
IN_PROCESS = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
BEAM_ARGS = [
    *IN_PROCESS,
    # What workers elsewhere would need. If nothing says it, TFX packs itself for them, which takes
    # seconds in every component, and leaves this project out. Relative, because it is part of the
    # cache keys, and a clone may be moved.
    "--setup_file=./setup.py",
]

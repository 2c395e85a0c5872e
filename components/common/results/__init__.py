"""The files of an evaluation, which evaluators write and the pusher and the report read."""

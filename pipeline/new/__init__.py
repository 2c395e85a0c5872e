"""`make new`: look at a stranger's files, and write a recipe and its schemas for them.

`rows/` reads the files, says what each column is and what is doubtful; `relations/` proposes a
recipe for what the rows can teach; `text/` writes it, with a reason beside each choice. All but
`rows/look.py` are pure functions.
"""

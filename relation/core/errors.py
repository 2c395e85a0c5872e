"""The errors that are meant for the user: their text is a sentence that says what to mend."""


class UserError(Exception):
    """Something the user can mend: the message names the field, the value and what was expected."""


class RecipeError(UserError):
    """A recipe or one of the files that it names is wrong."""


class DataError(UserError):
    """The data is not what the recipe and the schema say."""

import time

from components.common import beam_errors
from relation.core.errors import DataError, RecipeError


def test_the_sentence_is_found_in_what_a_runner_makes_of_it():
    text = (
        "Traceback (most recent call last):\n  File x\n"
        "relation.core.errors.DataError: split 'a': bad\n\n"
        "During handling of the above exception, another exception occurred:\n  File y\n"
        "relation.core.errors.DataError: split 'a': bad\nid 'x' [while running 'Read/Rows-1']\n"
    )
    actual = beam_errors.user_error(RuntimeError(text))
    assert isinstance(actual, DataError)
    assert str(actual) == "split 'a': bad\nid 'x'"


def test_long_words_take_linear_time():
    word = "w" * 300_000
    start = time.process_time()
    text = f"DataError: {word} {word}\nDataError: {word} [while running 'Read']"
    assert str(beam_errors.user_error(RuntimeError(text))) == word
    assert beam_errors.user_error(RuntimeError(f"DataError: {word}")) is None
    assert time.process_time() - start < 10


def test_others_are_left_alone():
    assert beam_errors.user_error(RuntimeError("KeyError: 3 [while running 'x']")) is None


def test_the_name_of_the_step_is_no_part_of_the_sentence():
    actual = beam_errors.user_error(RecipeError("field [while running 'a'] [while running 'b']"))
    assert isinstance(actual, RecipeError)
    assert str(actual) == "field"

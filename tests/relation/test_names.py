"""Names in a tuple."""

import pytest

from relation.core.errors import RecipeError
from relation.names import tuple_feature_names


def test_every_feature_and_the_id_get_the_roles_prefix():
    names = tuple_feature_names({"left": ["sku", "price"], "right": ["sku"]})
    assert names == {
        "left_id": ("left", "id"),
        "left_price": ("left", "price"),
        "left_sku": ("left", "sku"),
        "right_id": ("right", "id"),
        "right_sku": ("right", "sku"),
    }


def test_collisions_are_told_with_both_origins():
    with pytest.raises(RecipeError) as error:
        tuple_feature_names({"left": ["x_y"], "left_x": ["y"]})
    assert "role 'left' + feature 'x_y' and role 'left_x' + feature 'y'" in str(error.value)
    assert "'left_x_y'" in str(error.value)

"""The reference of recipes and components, generated from the classes that read them."""

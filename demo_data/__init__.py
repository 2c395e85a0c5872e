"""Data that the shipped recipes learn from. A generator is a module with `write(folder)`."""

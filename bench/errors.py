"""What keeps a benchmark from measuring: one sentence for a person, no traceback."""


class CannotMeasure(Exception):
    """The machine lacks something, or a program under measurement did not do what is measured; the text says which."""

"""Notes that people pin to a workshop."""

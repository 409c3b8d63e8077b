"""The benchmark: what it compares, and what it writes down."""

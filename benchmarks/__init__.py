"""How fast the data API is, beside the same work done by hand and by plain Piccolo."""

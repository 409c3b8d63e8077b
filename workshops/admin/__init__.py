"""The operators' site: Piccolo Admin for the six tables, and its own tables."""

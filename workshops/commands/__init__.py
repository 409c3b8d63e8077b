"""The commands of ``piccolo workshops``."""

"""A realistic demo: workshops of many trades at every stage, the same for the same seed."""

from workshops.demo.generator import DEMO_WORKSHOP_PREFIX
from workshops.demo.live import LiveCounts, live_demo
from workshops.demo.writer import DEFAULT_SEED, DemoCounts, DemoError, clear_demo, write_demo

__all__ = [
    "DEFAULT_SEED",
    "DEMO_WORKSHOP_PREFIX",
    "DemoCounts",
    "DemoError",
    "LiveCounts",
    "clear_demo",
    "live_demo",
    "write_demo",
]

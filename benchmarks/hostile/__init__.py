"""Damage of every kind, and the real command line to go through it quickly; used by the `robustness*.py` beside it."""

"""Playhead: the flight recorder for AI applications."""

__version__ = "0.1.0"

"""Toposcope against other engines: `python -m benchmarks --help`."""

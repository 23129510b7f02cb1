"""Benchmarks: `make bench`. Figures are medians over runs, on this machine, beside a floor measured in the same run."""

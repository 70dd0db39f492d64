"""How fast barenet is, beside its peers: every work measured in turn, on one machine, in one run.

    make bench

See `python -m benchmarks --help`; what is measured, and how, stands in docs/benchmarks.md.
"""

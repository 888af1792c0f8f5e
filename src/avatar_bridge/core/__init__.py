"""The pure core: no I/O, no clock, no randomness it was not given."""

"""Builds the mascot: a VRM 1.0 character drawn by arithmetic alone. Run `python -m scripts.mascot OUT`."""

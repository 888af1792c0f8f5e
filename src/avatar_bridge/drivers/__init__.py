"""Adapters to targets: when and where the bytes go."""

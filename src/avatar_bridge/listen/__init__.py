"""Ears: what finds words in sound, one file a backend."""

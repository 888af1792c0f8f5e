"""Voices: text-to-speech backends, one file each."""

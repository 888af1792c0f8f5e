"""Speakers: where the audio goes, and how much of it was heard."""

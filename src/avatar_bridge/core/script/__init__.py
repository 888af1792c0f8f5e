"""Text to speech and cues, incrementally."""

"""Strict stand-ins for speech services, written from their public documents, with the ways in which they fail."""

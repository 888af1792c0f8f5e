"""Strict stand-ins for targets, written from their public documents and sharing no code with the drivers."""

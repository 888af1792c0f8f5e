"""Sound to time and mouth."""

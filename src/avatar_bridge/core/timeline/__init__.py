"""When: everything placed on one timeline, and what is due at the playhead."""

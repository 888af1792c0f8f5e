"""What the body does."""

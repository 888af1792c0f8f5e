"""Pure codecs, one file a target: what bytes."""

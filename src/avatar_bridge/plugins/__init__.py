"""The bridge inside other programs' frameworks, one file each."""

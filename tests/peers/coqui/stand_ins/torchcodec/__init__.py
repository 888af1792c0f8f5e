"""Stands in for torchcodec, which Coqui looks for and the tests do not use."""

"""Procedural captioned shapes of the sixteen classes."""

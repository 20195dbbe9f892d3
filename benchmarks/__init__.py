"""Benchmarks: runnable modules that print a table and write JSON. None of them is a test."""

"""Readers of single values: words, numbers, sizes, durations, tables."""

"""Data frames without pandas."""

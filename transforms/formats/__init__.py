"""Readers of the formats that an upload may come in: one small module each, with the same rooms."""

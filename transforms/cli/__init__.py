"""The command line: `python -m transforms`, the engine without any cloud."""

"""The shell: durable plans, activities, the HTTP API, settings, and ports with their Azure adapters."""

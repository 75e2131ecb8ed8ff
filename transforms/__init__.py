"""Pure transforms: local files and tables in, local files out; no cloud, clock, environment or network."""

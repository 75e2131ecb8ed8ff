"""The makers' services, played on this machine from their published examples."""

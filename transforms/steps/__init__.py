"""Steps: one verb on a table each, one module each, with the same rooms."""

"""The contenders: one script each, run by a Python of its own, so none imports another or the rest of bench.

    python SCRIPT INPUT OUTPUT_FOLDER [VARIANT]

Each prints one JSON object: rows `read`, `quarantined` and `published`, null where the contender cannot tell.
"""

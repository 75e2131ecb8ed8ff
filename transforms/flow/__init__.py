"""The flow file: typed, checked, and never executed here."""

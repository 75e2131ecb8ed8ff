"""What a run costs: many small uploads at once, a steady stream, a soak, and a plain loop beside them."""

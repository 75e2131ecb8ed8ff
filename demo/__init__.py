"""The demo: real flights, a trainer of their own, and what starts and ends everything they need."""

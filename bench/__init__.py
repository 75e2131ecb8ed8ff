"""Benchmarks against peers: repeatable, every contender in a fresh process, ratios printed."""

"""The pipelines that a published dataset starts: one port, one adapter a technology."""

"""The HTTP API: every answer is a JSON object, every error an RFC 9457 problem, and Durable's own URLs stay inside."""

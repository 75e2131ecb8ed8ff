"""Durable orchestrations: what the extension does for the SDK, over its out-of-process protocol.

api -> engine -+-> replay    pure: which commands follow from an action list and a history
               +-> store     SQLite: instances, histories, undelivered messages
               `-> alarms    timers on the host's clock
"""

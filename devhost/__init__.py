"""An emulator of the Functions host: runs `function_app.py`, unmodified, where Core Tools is not installed.

    python -m devhost --app . --settings local.settings.json

    __main__ -> host -+-> app          loads and indexes function_app.py through its real decorators
                      +-> invoker      calls a function: real converters, pools, one log line a start and end
                      +-> workers      where settings ask for more processes than one: each has app and invoker
                      +-> web          HTTP functions, keys, admin and webhook routes, on loopback only
                      +-> *_trigger    blobs, queues, timers, Event Grid
                      `-> durable/     replay, engine, store and the client's HTTP API

It follows the published protocol, and nothing here was compared with a running real host.
"""

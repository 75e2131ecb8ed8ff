"""What can stop the local host.

DevhostError            base: a sentence that says what to do
|-- SettingsUnreadable  host.json or the settings file is not what it should be
|-- SettingMissing      something asks for a setting that nobody gave
`-- AppBroken           function_app.py cannot be loaded or indexed
"""

from __future__ import annotations


class DevhostError(Exception):
    """Says what was wrong, where, what was expected, and what to do."""


class SettingsUnreadable(DevhostError):
    """host.json or the settings file cannot be read, or holds the wrong kind of value."""


class SettingMissing(DevhostError):
    """A binding names a setting that is neither in the settings file nor in the environment."""


class PortTaken(DevhostError):
    """Another program listens on the port."""


class StateInUse(DevhostError):
    """Another local host works with the same state folder."""


class AppBroken(DevhostError):
    """function_app.py cannot be imported, or the real host would refuse to index it."""

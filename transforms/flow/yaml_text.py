"""YAML as people read it: `on` is a word, `010` and `2013-01-31` are texts, and no key is given twice.

PyYAML speaks YAML 1.1, in which `on: tailnum` has the key True and `NO` is false. Flow files are
read with the few types of YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_TYPES: tuple[tuple[str, str, str | list[str]], ...] = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
)


class _Loader(yaml.SafeLoader):
    """Safe, and with the types of this module's table alone."""


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in _TYPES:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), list(_first))


@dataclass(frozen=True)
class Repeated:
    """A key that one mapping gives twice."""

    path: tuple[str | int, ...]
    line: int
    first_line: int


class NotYaml(ValueError):
    """The text is not YAML; the message has the line and column."""


def read_yaml(source: str) -> tuple[Any, list[Repeated]]:
    """What the text says, and the keys that it says twice (of which the last one counts).

    Raises:
        NotYaml: the text cannot be read as one YAML document.
    Example:
        >>> read_yaml("on: 010\\nallowed: [NO, 2013-01-31, 1_000]")
        ({'on': '010', 'allowed': ['NO', '2013-01-31', 1000]}, [])
    """
    loader = _Loader(source)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, []
        return loader.construct_document(node), list(_repeated(node, ()))
    except yaml.MarkedYAMLError as error:
        raise NotYaml(_where_and_what(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotYaml(str(error).splitlines()[0]) from None
    finally:
        loader.dispose()


def _repeated(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[Repeated]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, (*path, index))
    if isinstance(node, yaml.MappingNode):
        first_lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first_lines:
                yield Repeated((*path, name), line, first_lines[name])
            first_lines.setdefault(name, line)
            yield from _repeated(value, (*path, name))


def _where_and_what(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{error.problem or error.context or 'a syntax error'}"

"""What all tests share: Azurite, and a storage account of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.azurite import Azurite, StorageAccount, running_azurite
from tests.faults.matrix import matrix

# How long an example takes depends on the machine. The gate always tries the same ones, `--long` looks for new ones.
settings.register_profile("gate", deadline=None, derandomize=True, database=None)
settings.register_profile("long", deadline=None)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for the whole session; most tests want `storage_account` instead."""
    with running_azurite() as azurite:
        yield azurite


@pytest.fixture
def storage_account(azurite: Azurite) -> StorageAccount:
    """A storage account that no other test uses."""
    return azurite.new_account()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The end of a test run says which services were compared with which maker's client, and what faults did.

    Told from here: the process that collects what others have tested loads no conftest of deeper folders.
    """
    passed = (report.nodeid for report in terminalreporter.getreports("passed"))
    compared = sorted(re.findall(r"test_sends_what_the_makers_own_client_sends\[(.*?)\]", "\n".join(passed)))
    if compared:
        terminalreporter.section("compared with the makers' own clients")
        terminalreporter.write_line("\n".join(compared))
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    if found := matrix(report.user_properties for report in reports):
        terminalreporter.section("what the auditor found after each fault")
        terminalreporter.write_line("\n".join(found))

"""Signals: one interrupts, the next ones do not, and what must not be cut in two is not."""

from __future__ import annotations

import signal

import pytest

from demo.signals import ENDING, ending_on_signals, undisturbed


@pytest.mark.parametrize("number", [pytest.param(each, id=each.name) for each in ENDING])
def test_a_signal_to_end_interrupts(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), ending_on_signals():
        signal.raise_signal(number)


def test_a_second_signal_does_not_interrupt_the_clearing_up() -> None:
    cleared: list[str] = []

    def interrupted_while_clearing_up() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleared.append("all of it")

    with pytest.raises(KeyboardInterrupt), ending_on_signals():
        interrupted_while_clearing_up()
    assert cleared == ["all of it"]


def test_a_signal_waits_for_the_end_of_what_is_undisturbed() -> None:
    reached: list[str] = []

    def interrupted_at_the_start() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGTERM)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt), ending_on_signals():
        interrupted_at_the_start()
    assert reached == ["the end"]


def test_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(each) for each in ENDING]
    with ending_on_signals(), undisturbed():
        pass
    assert [signal.getsignal(each) for each in ENDING] == before

"""What a flow may say about sets, and what it is told where that cannot be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from transforms.errors import FlowBroken
from transforms.flow.load import load_flows, read_flow

ORDERS = """
flow: orders
source: {path: "orders/{date}/{part}.csv", format: csv}
collect:
  by: [date]
  needs: ["orders/{date}/_SUCCESS"]
  lookups: [customers]
  quiet: 5m
  deadline: {after: 6h, then: reject}
contract: {columns: {id: int64, customer: int64}}
lookups: {customers: {path: "customers/{date}.csv", key: customer}}
"""


def test_a_set_is_declared_with_all_that_closes_it() -> None:
    flow = read_flow(ORDERS, "orders.yaml")
    assert flow.collect is not None
    assert flow.collect.quiet == timedelta(minutes=5)
    assert flow.collect.deadline is not None
    assert flow.paths == ("orders/{date}/{part}.csv", "customers/{date}.csv", "orders/{date}/_SUCCESS")
    assert flow.captures("customers/2024-01-31.csv") == {"date": "2024-01-31"}
    assert flow.captures("orders/2024-01-31/deep/a.csv") is None


@pytest.mark.parametrize(
    ("old", "new", "path", "expected"),
    [
        pytest.param("by: [date]", "by: [dat]", "collect.by[0]", "did you mean date?", id="a capture there is not"),
        pytest.param("quiet: 5m", "quite: 5m", "collect.quite", "did you mean quiet?", id="a misspelt key"),
        pytest.param("quiet: 5m", "quiet: 0", "collect.quiet", "longer than 0", id="no quiet at all"),
        pytest.param("quiet: 5m", "quiet: soon", "collect.quiet", "a duration such as", id="no duration"),
        pytest.param("then: reject", "then: wait", "collect.deadline.then", "'run' or 'reject'", id="another end"),
        pytest.param("then: reject", "then: run", "collect.deadline.then", "reject", id="a run without its lookup"),
        pytest.param("  deadline: {after: 6h, then: reject}\n", "", "collect.deadline", "may never come", id="no end"),
        pytest.param("{date}/_SUCCESS", "_SUCCESS", "collect.needs[0]", "{date}", id="a marker of no set"),
        pytest.param("{date}/_S", "{date}/{part}_S", "collect.needs[0]", "no others", id="a marker of one upload"),
        pytest.param("[customers]", "[clients]", "collect.lookups[0]", "customers", id="a lookup there is not"),
        pytest.param("  lookups: [customers]\n", "", "lookups.customers.path", "collect.lookups", id="not collected"),
        pytest.param("customers/{date}.csv", "c.csv", "lookups.customers.path", "{date}", id="a lookup of no set"),
        pytest.param(
            "customers/{date}.csv", "orders/{date}/c.csv", "lookups.customers.path", "of its own", id="both at once"
        ),
        pytest.param("flow: orders", "flow: orders\nrun: direct", "run", "needs a plan", id="a direct run"),
        pytest.param("/_SUCCESS", "/{", "collect.needs[0]", "captures such as", id="no pattern"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, path: str, expected: str) -> None:
    assert old in ORDERS
    with pytest.raises(FlowBroken) as broken:
        read_flow(ORDERS.replace(old, new), "orders.yaml")
    told = {mistake.path: mistake.expected for mistake in broken.value.mistakes}
    assert expected in told.get(path, ""), told


def test_there_must_be_something_to_wait_for() -> None:
    text = "flow: a\nsource: {path: '{a}.csv', format: csv}\ncollect: {by: []}\ncontract: {columns: {id: int64}}\n"
    with pytest.raises(FlowBroken, match="quiet"):
        read_flow(text, "a.yaml")


def test_what_a_flow_collects_is_no_other_flows(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "customers.yaml").write_text(
        'flow: customers\nsource: {path: "customers/{day}.csv", format: csv}\ncontract: {columns: {id: int64}}\n',
        encoding="utf-8",
    )
    flows = load_flows(tmp_path)
    told = {name: [mistake.path for mistake in flow.error.mistakes] for name, flow in flows.broken.items()}
    assert told == {"orders": ["collect"], "customers": ["source.path"]}

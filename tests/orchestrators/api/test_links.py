from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func
import pytest

from orchestrators.api.links import confirm_link, status_url
from orchestrators.errors import RequestRefused
from orchestrators.settings import Settings, read_settings
from tests.orchestrators.test_settings import LEAST

RUN_ID = "20130131T060000Z-0123456789ab"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def settings() -> Settings:
    return read_settings({**LEAST, "STATUS_URL_LIFETIME_S": "86400"})


def asked(link: str) -> func.HttpRequest:
    parts = urlsplit(link)
    route = {"run_id": parts.path.rpartition("/")[2]}
    return func.HttpRequest("GET", link, params=dict(parse_qsl(parts.query)), route_params=route, body=b"")


def test_a_link_opens_its_run_until_it_expires(settings: Settings) -> None:
    request = asked(status_url(settings, "https://app.example", RUN_ID, NOW))
    assert confirm_link(settings, request, NOW) == RUN_ID
    assert confirm_link(settings, request, NOW + DAY - timedelta(seconds=1)) == RUN_ID
    with pytest.raises(RequestRefused, match="has expired"):
        confirm_link(settings, request, NOW + DAY)


def test_a_link_of_another_app_opens_nothing(settings: Settings) -> None:
    other = read_settings({**LEAST, "STATUS_URL_KEY": "another key of thirty-two letters"})
    request = asked(status_url(other, "https://app.example", RUN_ID, NOW))
    with pytest.raises(RequestRefused, match="not one of this app"):
        confirm_link(settings, request, NOW)


def test_a_signature_is_for_one_run_and_one_end(settings: Settings) -> None:
    one, other = (status_url(settings, "", RUN_ID, at).rpartition("sig=")[2] for at in (NOW, NOW + DAY))
    assert one != other
    assert len(one) == 64

"""Settings come from keywords and the environment, and are checked."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import Settings


def test_the_defaults_are_those_of_the_design() -> None:
    settings = Settings()

    assert settings.queue_size == 64
    assert 1 <= settings.max_processing <= 4
    assert settings.acquisition_delay_s == 2.0
    assert settings.acquisition_timeout_s == 420.0
    assert settings.poll_interval_s == 2.0
    assert settings.retrieve_academic_url == "http://localhost:8002"
    assert settings.allow_networks == ()


def test_the_environment_is_read_under_one_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIT_REVIEW_HOME", str(tmp_path))
    monkeypatch.setenv("LIT_REVIEW_ALLOW_NETWORKS", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("LIT_REVIEW_QUEUE_SIZE", "8")

    settings = Settings()

    assert (settings.home, settings.queue_size) == (tmp_path, 8)
    assert settings.allow_networks == ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize("given", ["127.0.0.0/8,::1/128", '["127.0.0.0/8", "::1/128"]', "127.0.0.0/8 ::1/128"])
def test_networks_are_read_as_a_list_or_as_json(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("LIT_REVIEW_ALLOW_NETWORKS", given)

    assert Settings().allow_networks == ("127.0.0.0/8", "::1/128")


def test_settings_cannot_change_during_a_run() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().queue_size = 8  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue_size": 0},
        {"allow_networks": "everything"},
        {"max_downloads": -1},
        {"retrieve_academic_url": "localhost:8002"},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)  # type: ignore[arg-type]


def test_hosts_with_a_rule_of_their_own_have_a_pace_of_their_own() -> None:
    assert Settings().pace_s("arxiv.org") == 3.0
    assert Settings().pace_s("example.org") == 2.0

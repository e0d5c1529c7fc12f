"""A paper fails for a reason out of a closed list."""

import pickle

import pytest

from core import errors
from core.errors import REASONS, FetchError, PaperError, known_reason


@pytest.mark.parametrize("reason", [*REASONS, "http_403", "http_503", "bot_wall:cloudflare", "bot_wall:pmc-pow"])
def test_reasons_of_the_list_and_of_the_two_families_are_known(reason: str) -> None:
    assert known_reason(reason)
    assert PaperError(reason).reason == reason


@pytest.mark.parametrize("reason", ["", "oops", "http_", "http_999", "bot_wall:", "bot_wall:A B"])
def test_any_other_reason_is_a_bug(reason: str) -> None:
    with pytest.raises(ValueError, match="unknown reason"):
        PaperError(reason)


def test_errors_survive_the_way_out_of_a_child_process() -> None:
    error = pickle.loads(pickle.dumps(FetchError("http_404", "gone", url="https://a.example", status=404)))

    assert (type(error), error.reason, error.detail) == (FetchError, "http_404", "gone")


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn = errors.__doc__ or ""
    real = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]

    assert real
    assert [name for name in real if name not in drawn] == []

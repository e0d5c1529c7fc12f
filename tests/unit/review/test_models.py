"""Models are counted, stopped by their budget, and missing ones are explained."""

from collections.abc import Iterator

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from core.errors import ModelBudgetSpent, SettingsError
from workflows.research.academic_lit_review.models import Meter, Usage, metered


def answers() -> Iterator[AIMessage]:
    while True:
        yield AIMessage("yes", usage_metadata={"input_tokens": 30, "output_tokens": 20, "total_tokens": 50})


async def test_what_a_model_uses_is_counted_over_all_calls() -> None:
    meter = Meter()
    model = metered(GenericFakeChatModel(messages=answers()), meter)
    assert model
    await model.ainvoke("one")
    model.invoke("two")
    assert meter.usage == Usage(calls=2, input_tokens=60, output_tokens=40)
    assert meter.usage.tokens == 100


async def test_no_call_is_made_once_the_budget_is_spent() -> None:
    meter = Meter(budget=100)
    model = metered(GenericFakeChatModel(messages=answers()), meter)
    assert model
    for _ in range(2):
        await model.ainvoke("go on")
    with pytest.raises(ModelBudgetSpent, match="100 of 100 tokens"):
        await model.ainvoke("once more")
    assert meter.usage.calls == 2


async def test_one_meter_counts_two_models() -> None:
    meter = Meter()
    for _ in range(2):
        model = metered(GenericFakeChatModel(messages=answers()), meter)
        assert model
        await model.ainvoke("hello")
    assert meter.usage.calls == 2


def test_a_model_keeps_the_callbacks_it_had() -> None:
    own, meter = Meter(), Meter()
    model = metered(GenericFakeChatModel(messages=answers(), callbacks=[own]), meter)
    assert model
    model.invoke("hello")
    assert (own.usage.calls, meter.usage.calls) == (1, 1)


def test_no_model_is_no_model() -> None:
    assert metered(None, Meter()) is metered("", Meter()) is None


def test_a_name_without_its_package_says_what_to_install() -> None:
    with pytest.raises(SettingsError, match=r"\[llm\]|another package|provider:name"):
        metered("openai:gpt-5-mini", Meter())

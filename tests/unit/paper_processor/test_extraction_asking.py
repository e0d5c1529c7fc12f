"""How a chat model is asked, and what becomes of it when it is busy, confused or unwilling."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

from core.errors import ModelBudgetSpent
from core.streaming import Retry
from tests.talker import Busy, Talker, ToolTalker, call, words
from workflows.research.academic_lit_review.models import Meter, metered
from workflows.research.academic_lit_review.paper_processor.extraction.asking import Reply, ask

STEADY = Retry(on=(), attempts=3, base_s=2.0, jitter=lambda top_s: top_s)
QUESTION = [HumanMessage("Which herb?")]


class Herb(BaseModel):
    """A herb."""

    name: str


BASIL = call("Herb", name="basil")


async def reply_of(model: Talker) -> Reply[Herb]:
    return await ask(model, Herb, QUESTION, patience=STEADY)


async def test_a_model_with_tools_is_asked_by_its_tools() -> None:
    assert await reply_of(ToolTalker(script=[BASIL])) == Reply(Herb(name="basil"))


async def test_a_model_without_is_told_the_form_and_answers_in_json() -> None:
    model = Talker(script=[words({"name": "basil"})])

    assert (await reply_of(model)).value == Herb(name="basil")
    assert '"name"' in str(model.heard[0][-1].content)


async def test_a_model_with_tools_may_still_answer_in_json() -> None:
    assert (await reply_of(ToolTalker(script=[words({"name": "basil"})]))).value == Herb(name="basil")


@pytest.mark.parametrize("bad", [words("Basil, I think."), call("Herb", title="basil"), call("Plant", name="basil")])
async def test_a_malformed_answer_is_complained_of_once(bad: AIMessage) -> None:
    model = ToolTalker(script=[bad, BASIL])

    assert (await reply_of(model)).value == Herb(name="basil")
    assert "could not be used: malformed answer" in str(model.heard[1][-1].content)
    assert len(model.heard) == 2


async def test_a_second_malformed_answer_is_the_end() -> None:
    model = ToolTalker(script=[words("Basil."), words("As I said, basil.")])
    reply = await reply_of(model)

    assert reply.value is None
    assert reply.why.startswith("malformed answer")
    assert len(model.heard) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        words("I'm sorry, but I can't help with that."),
        words("", additional_kwargs={"refusal": "no herbs"}),
        words("", response_metadata={"finish_reason": "content_filter"}),
        words("", response_metadata={"stop_reason": "refusal"}),
    ],
)
async def test_a_refusal_is_taken_for_an_answer(refusal: AIMessage) -> None:
    model = ToolTalker(script=[refusal])
    reply = await reply_of(model)

    assert reply.why.startswith("refused")
    assert not reply.final
    assert len(model.heard) == 1


@pytest.mark.virtual_clock
async def test_a_busy_model_is_asked_again_after_growing_pauses() -> None:
    model = ToolTalker(script=[Busy(429), Busy(503), BASIL])
    started = asyncio.get_running_loop().time()

    assert (await reply_of(model)).value == Herb(name="basil")
    assert asyncio.get_running_loop().time() - started == pytest.approx(2 + 4)


@pytest.mark.virtual_clock
async def test_a_model_is_left_alone_for_as_long_as_it_asks() -> None:
    model = ToolTalker(script=[Busy(429, retry_after="20"), BASIL])
    started = asyncio.get_running_loop().time()

    assert (await reply_of(model)).value == Herb(name="basil")
    assert asyncio.get_running_loop().time() - started == pytest.approx(20)


@pytest.mark.virtual_clock
@pytest.mark.parametrize("error", [Busy(529), TimeoutError("late"), ConnectionError("gone")])
async def test_a_model_that_stays_down_is_given_up_for_this_question(error: Exception) -> None:
    model = ToolTalker(script=[error])
    reply = await reply_of(model)

    assert reply.value is None
    assert type(error).__name__ in reply.why
    assert not reply.final
    assert len(model.heard) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_model_that_may_not_be_used_is_not_asked_again(status: int) -> None:
    model = ToolTalker(script=[Busy(status)])

    assert (await reply_of(model)).final
    assert len(model.heard) == 1


async def test_a_request_the_model_cannot_take_fails_alone() -> None:
    reply = await reply_of(ToolTalker(script=[Busy(413)]))

    assert (reply.value, reply.final) == (None, False)


async def test_the_end_of_the_budget_is_not_swallowed() -> None:
    model = metered(ToolTalker(script=[BASIL]), Meter(budget=100))
    assert isinstance(model, ToolTalker)
    await reply_of(model)

    with pytest.raises(ModelBudgetSpent):
        await reply_of(model)


@pytest.mark.virtual_clock
async def test_a_key_that_a_provider_repeats_is_not_repeated_by_us() -> None:
    refused = PermissionError("Incorrect API key provided: sk-proj-a1B2c3D4e5F6g7H8. See the gpt-5-mini page.")
    reply = await reply_of(ToolTalker(script=[refused]))

    assert "a1B2" not in reply.why
    assert "gpt-5-mini page" in reply.why

"""The forms in which a model answers: sentences, each with what it rests on."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Claim(BaseModel):
    """One sentence."""

    text: str = Field(description="One sentence, without citation marks.")
    evidence: list[str] = Field(default_factory=list, description='What it rests on: ids such as "E3".')


class Paragraph(BaseModel):
    """Sentences that belong together."""

    sentences: list[Claim]


class Passage(BaseModel):
    """The text of one section."""

    paragraphs: list[Paragraph]


class Revised(Claim):
    """A sentence written anew."""

    number: int = Field(description="The number of the sentence that this one replaces.")


class Revision(BaseModel):
    """Sentences written anew; one that cannot be kept is left out."""

    sentences: list[Revised] = Field(default_factory=list)

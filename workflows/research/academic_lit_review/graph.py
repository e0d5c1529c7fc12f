"""The review as a LangGraph: a question in, a cited review out, every claim with its quote.

    check_question ──► discover ──► diffuse ──► choose_papers ──► approve_papers
                                                                        │
    supply_pdfs ◄── substitute ◄──────────────────────────────── process_papers ◄─┐
         │              └──────────────── the next best ──────────────────────────┘
      extract ──► cluster ──► write ──► publish

`approve_papers` and `supply_pdfs` ask a person, where the context says so; else nothing stops there.
"""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from workflows.research.academic_lit_review import nodes
from workflows.research.academic_lit_review.context import ReviewContext
from workflows.research.academic_lit_review.state import ReviewInput, ReviewOutput, ReviewState


def create_academic_lit_review_graph() -> StateGraph[ReviewState, ReviewContext, ReviewInput, ReviewOutput]:
    """Return the uncompiled graph: compile it with a checkpointer of your own, or add it to a larger graph."""
    builder = StateGraph(
        ReviewState, context_schema=ReviewContext, input_schema=ReviewInput, output_schema=ReviewOutput
    )
    builder.add_node(nodes.check_question)
    builder.add_node(nodes.discover)
    builder.add_node(nodes.diffuse)
    builder.add_node(nodes.choose_papers)
    builder.add_node(nodes.approve_papers)
    builder.add_node(nodes.process_papers, metadata={"streams": "cache, acquire, queue, convert"})
    builder.add_node(nodes.substitute)
    builder.add_node(nodes.supply_pdfs)
    builder.add_node(nodes.extract)
    builder.add_node(nodes.cluster)
    builder.add_node(nodes.write)
    builder.add_node(nodes.publish)
    builder.add_edge(START, "check_question")
    builder.add_edge("check_question", "discover")
    builder.add_edge("discover", "diffuse")
    builder.add_edge("diffuse", "choose_papers")
    builder.add_edge("choose_papers", "approve_papers")
    builder.add_edge("approve_papers", "process_papers")
    builder.add_edge("process_papers", "substitute")
    builder.add_conditional_edges("substitute", nodes.all_read)
    builder.add_edge("supply_pdfs", "extract")
    builder.add_edge("extract", "cluster")
    builder.add_edge("cluster", "write")
    builder.add_edge("write", "publish")
    builder.add_edge("publish", END)
    return builder


academic_lit_review_graph: CompiledStateGraph[ReviewState, ReviewContext, ReviewInput, ReviewOutput] = (
    create_academic_lit_review_graph().compile(name="academic_lit_review")
)

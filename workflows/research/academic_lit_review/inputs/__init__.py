"""What a user can name papers with: identifiers, bibliographies, PDFs and folders of them."""

from __future__ import annotations

from workflows.research.academic_lit_review.inputs.given import Inputs, read_inputs

__all__ = ["Inputs", "read_inputs"]

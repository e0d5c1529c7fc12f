"""The real Marker without weights, for worker processes of the tests: what a job service around it would answer."""

from __future__ import annotations

import os
from typing import Any


def convert(path: str) -> dict[str, Any]:
    """Return Marker's formats of one document, and its paginated Markdown as what they are measured by."""
    os.environ["FONT_PATH"] = os.devnull
    from marker.converters.pdf import PdfConverter  # type: ignore[import-untyped]
    from marker.renderers.chunk import ChunkRenderer  # type: ignore[import-untyped]
    from marker.renderers.json import JSONRenderer  # type: ignore[import-untyped]
    from marker.renderers.markdown import MarkdownRenderer  # type: ignore[import-untyped]

    models = dict.fromkeys(("layout_model", "fast_layout_model", "recognition_model", "ocr_error_model"))
    config = {"disable_ocr": True, "force_layout_block": "Text", "mode": "fast", "pdftext_workers": 1}
    converter = PdfConverter(models, config={**config, "disable_tqdm": True, "extract_images": False})
    document = converter.build_document(path)
    paginated = converter.resolve_dependencies(MarkdownRenderer)
    paginated.paginate_output = True
    blocks = converter.resolve_dependencies(ChunkRenderer)(document).blocks
    return {
        "markdown": converter.resolve_dependencies(MarkdownRenderer)(document).markdown,
        "paginated": paginated(document).markdown,
        "chunks": [block.model_dump(mode="json", exclude={"images"}) for block in blocks],
        "tree": converter.resolve_dependencies(JSONRenderer)(document).model_dump(mode="json"),
        "pages": len(document.pages),
    }

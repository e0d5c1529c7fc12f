"""Build the sample library: `python samples/build.py [--out DIR]`.

Sets the papers of this folder as PDF (with Typst, a development dependency), writes the full texts that are served as
JATS or HTML, and the records. The same version of Typst gives the same bytes every time; `built.json` says which one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from importlib.metadata import version
from pathlib import Path

import typst
from markup import Work, doi, html, jats, year

HERE = Path(__file__).parent
LIBRARY = HERE.parent / "core" / "loopback" / "library"
KEYS = [f"{number:02}" for number in range(1, 13)]


def read() -> tuple[dict[str, Work], dict[str, Work], str]:
    """Return the samples, every work they cite (samples among them), and their statement on data."""
    outside = tomllib.loads((HERE / "outside.toml").read_text(encoding="utf-8"))
    statement = outside.pop("statement")
    samples = {key: tomllib.loads((HERE / f"{key}.toml").read_text(encoding="utf-8")) for key in KEYS}
    return samples, outside | samples, statement


def pdf(key: str) -> bytes:
    """Return a sample set by Typst, with no other fonts than those that Typst brings."""
    compiler = typst.Compiler(HERE / "template.typ", root=HERE, ignore_system_fonts=True, sys_inputs={"key": key})
    content, warnings = compiler.compile_with_warnings(format="pdf")
    if warnings or not isinstance(content, bytes):
        raise SystemExit(f"{key}: {[warning.message for warning in warnings]}")
    return content


def record(key: str, work: Work, samples: dict[str, Work], files: dict[str, str]) -> dict[str, object]:
    """Return the line of `papers.jsonl` for a sample: its metadata, its files, its routes."""
    is_open = any(route["kind"] != "retrieve" and not route.get("fault") for route in work["routes"])
    paper = {
        "doi": doi(key),
        "title": work["title"],
        "authors": [dict(zip(("name", "institution"), author.split(" | "), strict=True)) for author in work["authors"]],
        "year": year(work),
        "publication_date": work["date"],
        "venue": work["venue"],
        "abstract": work["abstract"],
        "cited_by_count": sum(key in other["cites"] for other in samples.values()),
        "referenced_works": [doi(cited) for cited in work["cites"]],
        "is_retracted": False,
    }
    optional = {"arxiv_id": work.get("arxiv_id"), "license": "cc-by" if is_open else None}
    return {"paper": paper | {k: v for k, v in optional.items() if v}, **files, "routes": work["routes"]}


def build(out: Path) -> None:
    """Write the whole library into `out`."""
    samples, known, statement = read()
    records = []
    for key, work in samples.items():
        kinds = {route["kind"] for route in work["routes"]}
        made = {"pdf": (f"{key}.pdf", pdf(key))}
        if "jats" in kinds:
            made["jats"] = (f"{key}.xml", jats(key, work, known, statement).encode())
        if "html" in kinds:
            made["html"] = (f"{key}.html", html(key, work, known, statement).encode())
        for name, content in made.values():
            (out / name).write_bytes(content)
        records.append(record(key, work, samples, {kind: name for kind, (name, _) in made.items()}))
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in records)
    (out / "papers.jsonl").write_text(lines, encoding="utf-8")
    _seal(out)


def _seal(out: Path) -> None:
    """Write down the version of Typst and the hash of every file."""
    files = sorted(path for path in out.iterdir() if path.suffix in {".pdf", ".xml", ".html", ".jsonl"})
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    sealed = json.dumps({"typst": version("typst"), "sha256": hashes}, indent=1)
    (out / "built.json").write_text(sealed + "\n", encoding="utf-8")


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=LIBRARY)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    build(out)


if __name__ == "__main__":
    main()

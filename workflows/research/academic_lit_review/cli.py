"""The command line: `lit-review review QUESTION`, `lit-review read INPUT...` and `lit-review demo`.

Exit status: 0 all papers read (the review is a success), 3 some failed (it is partial or failed), 2 bad usage or input,
1 something else went wrong, 130 stopped by Ctrl-C (143 and 129: by SIGTERM and SIGHUP). Progress goes to standard
error, results to standard output.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import Any

#: The names in `core.conversion.engines`, which --help does not wait for.
CONVERTERS = "auto, text-layer, marker, marker-text, marker-service or routed"

_EPILOG = """\
INPUT is a DOI, an arXiv id, pmid:123, PMC123 (or their web addresses), a bibliography (.bib, .ris, CSL-JSON as .json,
paper records as .jsonl), a PDF or a folder of PDFs. Settings also come from LIT_REVIEW_* variables and a .env file.

exit status: 0 all papers read, 3 some failed, 2 bad usage or input, 130 stopped (the same command again goes on)
"""


_REVIEW_EPILOG = """\
Without --out the review is printed as Markdown. A run that was stopped goes on with the same command.

exit status: 0 success, 3 a partial or a failed review (the reasons are told), 2 bad usage or input, 130 stopped
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; wrong usage raises SystemExit(2) as argparse does."""
    try:
        return _run(_parser().parse_args(argv))
    except KeyboardInterrupt:
        return _fail("stopped", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has had enough
        return 1


def _run(arguments: argparse.Namespace) -> int:
    from core.errors import InputError, LitReviewError, SettingsError  # here, so that --help starts at once

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title must not end the run on a terminal without its letters
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        status = command(arguments)
    except (InputError, SettingsError) as error:
        return _fail(f"lit-review: {error}", 2)
    except LitReviewError as error:
        return _fail(f"lit-review: {error}", 1)
    sys.stdout.flush()
    return status


def _fail(message: str, status: int) -> int:
    sys.stderr.write(message + "\n")
    return status


def _review(arguments: argparse.Namespace) -> int:
    from workflows.research.academic_lit_review.reviewing import Task, review

    wanted: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in vars(arguments).items()
    }
    return review(Task(**{name: wanted[name] for name in Task.__dataclass_fields__}))


def _read(arguments: argparse.Namespace) -> int:
    from workflows.research.academic_lit_review.reading import Order, read

    wanted = vars(arguments)
    return read(Order(**{name: wanted[name] for name in Order.__dataclass_fields__}))


def _demo(arguments: argparse.Namespace) -> int:
    from workflows.research.academic_lit_review.demo import demo

    return demo(out=arguments.out, keep=arguments.keep, plain=arguments.plain)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        sys.stdout.write(f"lit-review {metadata.version('academic-lit-review')}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lit-review", description="Review the literature on a question, every claim with its quote and page."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    review = commands.add_parser(
        "review",
        help="answer a question from the literature, with quotes",
        description="Find papers on a question, read their full texts and write a cited review.",
        epilog=_REVIEW_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _review_options(review)
    review.set_defaults(command=_review)
    read = commands.add_parser(
        "read",
        help="obtain papers and turn them into Markdown",
        description="Obtain papers, open access first, and turn them into Markdown.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _read_options(read)
    read.set_defaults(command=_read)
    demo = commands.add_parser(
        "demo",
        help="read and review twelve sample papers from a small internet on this machine",
        description="Read twelve invented sample papers over HTTP from a small internet on this machine, twice, and "
        "review them.",
    )
    demo.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write the texts, and the review into DIR/review; the store is DIR/store",
    )
    demo.add_argument("--keep", action="store_true", help="keep the temporary paper store")
    demo.add_argument("--plain", action="store_true", help="plain lines instead of a live display")
    demo.set_defaults(command=_demo)
    return parser


def _review_options(review: argparse.ArgumentParser) -> None:
    review.add_argument("topic", metavar="QUESTION", help="what the review is about, in a few words or as a question")
    review.add_argument(
        "--questions",
        nargs="+",
        action="extend",
        default=[],
        metavar="TEXT",
        help="what it has to answer",
    )
    review.add_argument("--out", type=Path, metavar="DIR", help="write review.html, review.md, references and evidence")
    review.add_argument("--quality", metavar="NAME", help="test, quick, standard, comprehensive or high_quality")
    review.add_argument("--max-papers", type=_positive, metavar="N", help="papers to read, whatever the quality")
    review.add_argument("--years", metavar="A:B", help="first and last year of publication, e.g. 2015:2026 or 2015:")
    review.add_argument("--language", default="en", metavar="CODE", help="two letters, default en; '' for any")
    review.add_argument(
        "--seeds", nargs="+", action="extend", default=[], metavar="INPUT", help="papers to begin with: DOIs, refs.bib"
    )
    review.add_argument("--pdfs", default="", metavar="DIR", help="a folder of papers of your own")
    review.add_argument("--model", default="", metavar="PROVIDER:NAME", help="chat model that writes")
    review.add_argument(
        "--fast-model", default="", metavar="PROVIDER:NAME", help="chat model for searching and extracting"
    )
    review.add_argument("--token-budget", type=_positive, default=0, metavar="N", help="tokens to spend at most")
    review.add_argument("--include-retracted", action="store_true", help="use retracted papers, marked as such")
    review.add_argument("--home", type=Path, metavar="DIR", help="folder of the paper store")
    review.add_argument("--converter", metavar="NAME", help=f"engine that turns PDFs into Markdown: {CONVERTERS}")
    review.add_argument("--email", metavar="ADDR", help="your address, for the User-Agent, as catalogues ask")
    review.add_argument("--retrieve-url", metavar="URL", help="retrieve-academic service; empty: do without")
    review.add_argument("--dry-run", action="store_true", help="only say what the review will cost")
    review.add_argument("--plain", action="store_true", help="plain lines instead of a live display")


def _read_options(read: argparse.ArgumentParser) -> None:
    read.add_argument("inputs", nargs="+", metavar="INPUT", help="what to read, see below")
    read.add_argument("--out", type=Path, metavar="DIR", help="write Markdown files, outcomes.jsonl and missing.csv")
    read.add_argument("--home", type=Path, metavar="DIR", help="folder of the paper store")
    read.add_argument("--converter", metavar="NAME", help=f"engine that turns PDFs into Markdown: {CONVERTERS}")
    read.add_argument("--upgrade", action="store_true", help="make again the texts that a lesser engine has made")
    read.add_argument("--max-concurrent", type=_positive, metavar="N", help="transfers at a time")
    read.add_argument("--retry-failed", action="store_true", help="ask again for papers an earlier run could not have")
    read.add_argument("--email", metavar="ADDR", help="your address, for the User-Agent, as catalogues ask")
    read.add_argument("--retrieve-url", metavar="URL", help="retrieve-academic service; empty: do without")
    read.add_argument(
        "--json", dest="as_json", action="store_true", help="print outcomes as JSON lines, not as a table"
    )
    read.add_argument("--plain", action="store_true", help="plain lines instead of a live display")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

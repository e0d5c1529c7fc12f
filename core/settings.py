"""One frozen `Settings`: the only place that reads the environment.

Every field can be set by `LIT_REVIEW_<FIELD>` (upper case), by a `.env` file in the working folder or as a keyword.
"""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MIB = 1024 * 1024

#: Papers that may wait between acquisition and conversion. They wait as paths, so a deep queue costs disk, not memory;
#: with 8, as for PDFs in memory, balanced loads lose a fifth of their speed.
PROCESSING_QUEUE_SIZE = 64
#: Papers converted at a time, on machines with as many cores.
MAX_PROCESSING_CONCURRENT = 4
#: Pause between two requests to the same host, seconds.
ACQUISITION_DELAY = 2.0
#: Deadline of one retrieval job from its submission, and the pause between two looks at it, seconds.
ACQUISITION_TIMEOUT = 420.0
POLL_INTERVAL = 2.0

#: Pace of hosts that publish a rule of their own, in seconds between two requests. arXiv: "no more than one request
#: every three seconds, single connection" (arXiv API terms of use). The PMC bucket is made for bulk download.
#: The catalogues' paces are what each allows to anybody (Crossref: one list a second for those without an address).
HOST_PACE_S = {
    "arxiv.org": 3.0,
    "export.arxiv.org": 3.0,
    "pmc-oa-opendata.s3.amazonaws.com": 0.1,
    "api.openalex.org": 0.1,
    "api.crossref.org": 1.0,
    "www.ebi.ac.uk": 0.3,
    "api.semanticscholar.org": 1.1,
    "api.unpaywall.org": 0.1,
}
#: The catalogues there are; the first that has a paper is asked first.
CATALOGUES = ("openalex", "europepmc", "crossref", "semanticscholar", "arxiv", "unpaywall")


def _cores() -> int:
    """Return how many cores this process may use (macOS does not tell, and has them all)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """Everything one run can be told; immutable, so a run cannot change under its own feet."""

    model_config = SettingsConfigDict(env_prefix="LIT_REVIEW_", env_file=".env", extra="ignore", frozen=True)

    # where things are kept
    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("academic-lit-review"),
        description="Folder of the paper store.",
    )
    failure_ttl_s: float = Field(
        7 * 86400.0, ge=0, description="How long 'this paper cannot be had' is believed, seconds."
    )

    # the pipeline
    queue_size: int = Field(
        PROCESSING_QUEUE_SIZE, ge=1, description="Papers that may wait between acquisition and conversion."
    )
    max_processing: int = Field(
        default_factory=lambda: min(MAX_PROCESSING_CONCURRENT, _cores()),
        ge=1,
        description="Papers converted at a time: 4, or the number of cores if that is fewer. Engines with more "
        "devices, or with actors on other machines, convert more when this is not set.",
    )
    max_downloads: int = Field(8, ge=1, description="Transfers at a time.")

    # manners on the network
    contact_email: str = Field("", description="Your address, sent in the User-Agent as the catalogues ask for.")
    acquisition_delay_s: float = Field(
        ACQUISITION_DELAY, ge=0, description="Pause between two requests to the same host, seconds."
    )
    host_pace_s: dict[str, float] = Field(default=HOST_PACE_S, description="Pauses of particular hosts, seconds.")
    host_concurrency: int = Field(1, ge=1, description="Requests at a time to one host.")
    allow_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Networks reachable although not public, e.g. 127.0.0.0/8. For tests and the demo."
    )

    # limits of one request
    connect_timeout_s: float = Field(10.0, gt=0)
    idle_timeout_s: float = Field(30.0, gt=0)
    total_timeout_s: float = Field(120.0, gt=0)
    max_page_bytes: int = Field(32 * MIB, gt=0, description="Limit of an answer that is read into memory.")
    max_download_bytes: int = Field(100 * MIB, gt=0)
    max_inflated_bytes: int = Field(500 * MIB, gt=0)
    max_redirects: int = Field(8, ge=0)
    max_tries: int = Field(3, ge=1, description="Attempts at one request that fails for a passing reason.")
    retry_base_s: float = Field(0.5, ge=0, description="First pause before a retry; doubles, with jitter.")
    retry_after_cap_s: float = Field(60.0, ge=0, description="A host asking for more than this is left alone.")

    # the retrieve-academic job service
    retrieve_academic_url: str = Field("http://localhost:8002", description="Empty: do without it.")
    acquisition_timeout_s: float = Field(
        ACQUISITION_TIMEOUT, gt=0, description="Deadline of one retrieval job, from its submission."
    )
    poll_interval_s: float = Field(POLL_INTERVAL, gt=0)
    service_recheck_s: float = Field(120.0, gt=0, description="Pause before a service that was down is asked again.")

    # where the open sources are
    arxiv_url: str = "https://arxiv.org"
    pmc_url: str = "https://pmc-oa-opendata.s3.amazonaws.com"
    europepmc_url: str = "https://europepmc.org"
    europepmc_rest_url: str = "https://www.ebi.ac.uk/europepmc/webservices/rest"
    doi_url: str = "https://doi.org"

    # the catalogues
    catalogues: Annotated[tuple[str, ...], NoDecode] = Field(
        CATALOGUES, description="Catalogues that may be asked, by commas; empty: none."
    )
    catalogue_ttl_s: float = Field(7 * 86400.0, ge=0, description="How long an answer is believed, seconds.")
    catalogue_empty_ttl_s: float = Field(
        6 * 3600.0, ge=0, description="How long it is believed that a catalogue has nothing, seconds."
    )
    catalogue_timeout_s: float = Field(30.0, gt=0, description="Deadline of one request, tries included.")
    openalex_api_key: SecretStr = Field(
        SecretStr(""),
        description="Free at openalex.org/settings/api: ten times the credits of those without.",
    )
    openalex_credits: int = Field(
        500,
        ge=0,
        description="Credits a run may spend at OpenAlex: a search page is 10, a list page 1, a DOI nothing.",
    )
    semanticscholar_api_key: SecretStr = Field(
        SecretStr(""), description="Without one all the world shares a single quota, and most requests are refused."
    )
    openalex_url: str = "https://api.openalex.org"
    crossref_url: str = "https://api.crossref.org"
    arxiv_api_url: str = "https://export.arxiv.org/api"
    semanticscholar_url: str = "https://api.semanticscholar.org/graph/v1"
    unpaywall_url: str = "https://api.unpaywall.org/v2"

    # conversion
    converter: str = Field("auto", description="Engine that turns PDFs into Markdown.")
    upgrade: bool = Field(False, description="Convert again what was read by a lesser engine than this run's.")
    convert_base_s: float = Field(30.0, gt=0, description="Deadline of a conversion: this, plus the pages.")
    convert_page_s: float = Field(2.0, ge=0, description="Deadline of a conversion, per page.")
    worker_memory_bytes: int = Field(2048 * MIB, gt=0, description="Address space of one converting process.")
    inspect_timeout_s: float = Field(20.0, gt=0, description="Deadline for looking into a downloaded file.")

    # Marker
    marker_mode: Literal["balanced", "fast"] = Field(
        "balanced", description="balanced: a vision model reads the layout of every page; fast: a small detector does."
    )
    marker_options: dict[str, Any] = Field(
        default={}, description='Options of Marker as a JSON object, e.g. {"disable_ocr": true} or {"use_llm": true}.'
    )
    marker_images: bool = Field(False, description="Save the images of a paper beside its text.")
    marker_chunk_pages: int = Field(64, ge=1, description="A longer PDF is converted in chunks of so many pages.")
    marker_page_s: float = Field(30.0, gt=0, description="Deadline of a conversion by Marker, per page.")
    marker_memory_bytes: int = Field(6144 * MIB, gt=0, description="Resident memory of one process that runs Marker.")
    marker_start_server: bool = Field(
        True, description="Start the inference server when none is named and this machine has what it needs."
    )
    surya_inference_url: str = Field(
        "",
        validation_alias=AliasChoices("LIT_REVIEW_SURYA_INFERENCE_URL", "surya_inference_url"),
        description="OpenAI-compatible server of Marker's vision model, e.g. http://gpu1:8000/v1; several by commas.",
    )
    fast_layout_server_url: str = Field(
        "", validation_alias=AliasChoices("LIT_REVIEW_FAST_LAYOUT_SERVER_URL", "fast_layout_server_url")
    )
    ocr_error_server_url: str = Field(
        "", validation_alias=AliasChoices("LIT_REVIEW_OCR_ERROR_SERVER_URL", "ocr_error_server_url")
    )
    inference_capacity: int = Field(
        0, ge=0, description="Requests at a time that each inference server works on; 0: ask it, or go by its kind."
    )
    inference_request_s: float = Field(120.0, gt=0, description="Deadline of one request to an inference server.")
    inference_start_s: float = Field(
        600.0, gt=0, description="How long a server started here may take until it answers, seconds."
    )
    inference_wait_s: float = Field(
        180.0, ge=0, description="How long papers wait for an inference server that went away, seconds."
    )
    no_proxy: str = Field(
        "",
        validation_alias=AliasChoices("LIT_REVIEW_NO_PROXY", "no_proxy"),
        description="Hosts that Marker's services are asked at without a proxy, beside the inference servers.",
    )
    marker_base_url: str = Field("", description="Marker job service; empty: none.")

    # past one machine
    ray_address: str = Field("", description="Ray cluster that converts, e.g. auto or ray://head:10001; empty: none.")
    ray_gpus: float = Field(0.0, ge=0, description="GPUs of one converting actor on Ray, also fractions.")
    ray_slots: int = Field(0, ge=0, description="Converting actors on Ray; 0: as many as the cluster has room for.")

    @field_validator("allow_networks", "catalogues", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in re.split(r"[\s,\[\]\"']+", value) if part.strip())

    @field_validator("allow_networks")
    @classmethod
    def _check(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @field_validator("retrieve_academic_url", "marker_base_url")
    @classmethod
    def _service(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s]+", value):
            raise ValueError(f"{value!r} is not the http(s) address of a service; leave it empty to do without")
        return value.rstrip("/")

    @field_validator("home")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return `allow_networks` parsed."""
        return tuple(ip_network(network) for network in self.allow_networks)

    def pace_s(self, host: str) -> float:
        """Return the pause between two requests to `host`, in seconds."""
        return self.host_pace_s.get(host, self.acquisition_delay_s)

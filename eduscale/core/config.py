"""Settings: environment first, then `.env`, then defaults; a bad value stops the start in one line."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from eduscale.core.errors import ConfigurationError

GIB = 1024**3
MIB = 1024**2


def _unset_if_empty(value: object) -> object:
    return None if value == "" else value


def _not_empty(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("a path")
    return value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# `KEY=` means unset where a setting may be unset. Anywhere else it is refused: an ENV left empty by mistake must
# not open a service to everybody.
OptionalName = Annotated[Name | None, BeforeValidator(_unset_if_empty)]


class Settings(BaseSettings):
    """Everything that can be configured; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore")

    env: Literal["local", "dev", "prod"] = "local"
    auth: Annotated[Literal["none"] | None, BeforeValidator(_unset_if_empty)] = None
    """Access control; unset means `none` when ENV=local and closed elsewhere."""

    service_name: Name = "eduscale-engine"
    service_version: Name = "0.1.0"
    gcp_project_id: OptionalName = None
    gcp_region: Name = "europe-west1"
    gcp_run_service: Name = "eduscale-engine"

    storage: Literal["local"] = "local"
    data_dir: Annotated[Path, BeforeValidator(_not_empty)] = Path("data")
    warehouse: Literal["duckdb"] = "duckdb"

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    max_upload_bytes: Annotated[int, Field(gt=0)] = GIB
    max_request_bytes: Annotated[int, Field(gt=0)] = MIB
    """Largest body of a request that is not an upload."""

    max_unpacked_bytes: Annotated[int, Field(gt=0)] = GIB
    """Of an archive with all that is in it, or of a workbook."""
    max_entries: Annotated[int, Field(gt=0)] = 10_000
    """Files in an archive, or parts of a workbook."""
    max_sheets: Annotated[int, Field(gt=0)] = 1_000
    max_columns: Annotated[int, Field(gt=0)] = 5_000
    max_cells: Annotated[int, Field(gt=0)] = 2_500_000
    """Of a file that is held as a whole, as a workbook is."""
    max_field_length: Annotated[int, Field(gt=0)] = 8 * MIB
    """Characters in one cell."""
    max_line_bytes: Annotated[int, Field(gt=0)] = 16 * MIB

    read_timeout_s: Positive = 300
    query_timeout_s: Positive = 30
    query_max_rows: Annotated[int, Field(gt=0)] = 10_000
    export_timeout_s: Positive = 300
    sandbox_memory_bytes: Annotated[int, Field(ge=256 * MIB)] = 512 * MIB
    """For one child, about 125 MB of which are taken by what it has loaded."""
    sandbox_file_bytes: Annotated[int, Field(ge=64 * MIB)] = 4 * GIB
    """The largest file that a child may write."""
    sandbox_processes: Annotated[int, Field(ge=0)] = 0
    """Children at once; 0 means as many as there are CPUs."""
    sandbox_queue: Annotated[int, Field(ge=0)] = 8
    upload_patience_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30
    """How long an upload that has landed waits for a place in the queue before it is told to come back."""

    @property
    def is_open(self) -> bool:
        """Whether every caller is an administrator because there is no access control."""
        return self.auth == "none" or (self.auth is None and self.env == "local")


def load_settings() -> Settings:
    """Read and check the settings; raises ConfigurationError with one line for the first wrong key."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise ConfigurationError(_one_line(error)) from None
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not accepted: it is not UTF-8; accepted: lines of KEY=value") from None
    if settings.env == "prod" and settings.auth == "none":
        raise ConfigurationError(
            "AUTH='none' is not accepted: it makes every caller an administrator; accepted with ENV=prod: unset"
        )
    return settings


def _one_line(error: ValidationError) -> str:
    """Say of the first wrong setting: its key, what is wrong with its value, what is accepted."""
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0]).upper() if first["loc"] else "settings"
    value = str(first["input"])
    shown = repr(value if len(value) <= 60 else f"{value[:60]}...")
    wrong = "is not accepted" if value.strip() else "is empty"
    return f"{key}={shown} {wrong}; accepted: {_accepted(first['type'], first.get('ctx', {}), first['msg'])}"


def _accepted(kind: str, context: dict[str, Any], message: str) -> str:
    sentences = {
        "literal_error": "{expected}",
        "value_error": "{error}",
        "greater_than": "a number greater than {gt}",
        "greater_than_equal": "a number of at least {ge}",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "int_parsing_size": "a whole number",
        "float_parsing": "a number",
        "finite_number": "a number",
        "string_too_short": "a text that is not empty",
    }
    return sentences[kind].format(**context) if kind in sentences else message[:1].lower() + message[1:]

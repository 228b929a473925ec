"""Settings: environment first, then `.env`, then defaults; a bad value stops the start in one line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from eduscale.core.errors import ConfigurationError

GIB = 1024**3
MIB = 1024**2


class Settings(BaseSettings):
    """Everything that can be configured; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore")

    env: Literal["local", "dev", "prod"] = "local"
    auth: Literal["none"] | None = None
    """Access control; unset means `none` when ENV=local and closed elsewhere."""

    service_name: str = Field("eduscale-engine", min_length=1)
    service_version: str = Field("0.1.0", min_length=1)
    gcp_project_id: str | None = None
    gcp_region: str = Field("europe-west1", min_length=1)
    gcp_run_service: str = Field("eduscale-engine", min_length=1)

    storage: Literal["local"] = "local"
    data_dir: Path = Path("data")
    warehouse: Literal["duckdb"] = "duckdb"

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    max_upload_bytes: Annotated[int, Field(gt=0)] = GIB
    max_request_bytes: Annotated[int, Field(gt=0)] = MIB
    """Largest body of a request that is not an upload."""

    read_timeout_s: Annotated[float, Field(gt=0)] = 300
    query_timeout_s: Annotated[float, Field(gt=0)] = 30
    query_max_rows: Annotated[int, Field(gt=0)] = 10_000
    export_timeout_s: Annotated[float, Field(gt=0)] = 300
    sandbox_memory_bytes: Annotated[int, Field(ge=128 * MIB)] = 512 * MIB
    sandbox_processes: Annotated[int, Field(ge=0)] = 0
    """Children at once; 0 means as many as there are CPUs."""
    sandbox_queue: Annotated[int, Field(ge=0)] = 8
    upload_patience_s: Annotated[float, Field(ge=0)] = 10
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
    if settings.env == "prod" and settings.auth == "none":
        raise ConfigurationError(
            "AUTH='none' makes every caller an administrator and is refused when ENV=prod; unset AUTH"
        )
    return settings


def _one_line(error: ValidationError) -> str:
    """Say of the first wrong setting: its key, what is wrong with its value, what is accepted."""
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0]).upper() if first["loc"] else "settings"
    context = first.get("ctx", {})
    accepted = f"accepted: {context['expected']}" if "expected" in context else first["msg"].lower()
    return f"{key}={first['input']!r} is not accepted; {accepted}"

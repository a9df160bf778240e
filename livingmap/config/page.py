"""Section ``ui``: the settings of the page."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _address(value: str) -> str:
    """Raise ValueError for a text that a Content-Security-Policy would not take as one address."""
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or any(character in value for character in " ;,'\"<>")
    ):
        raise ValueError("not an address; write it like https://auth.example.org")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(_address(value))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"not an origin; write it without a path: {parts.scheme}://{parts.netloc}")
    return f"{parts.scheme}://{parts.netloc}"


class UiSettings(BaseModel):
    """The page at ``/``."""

    model_config = _DOCUMENTED

    login_url: Annotated[str, AfterValidator(_address)] | None = None
    """Address of auth-service as browsers reach it, for the login form. Without it a token can be pasted."""
    embedders: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Origins whose pages may frame the map and hand it a token, such as https://city.example.org."""

"""The templates of pages, and the styles and scripts that lie beside them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from srbench import __version__
from srbench.core.files import write_text


def rendered(template: str, **values: object) -> str:
    """The HTML of a template of `report/assets`; every value is escaped unless it is `Markup`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("srbench", "report/assets"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(template).render(version=__version__, **values)


def write_assets(folder: Path, names: Iterable[str]) -> None:
    """Copies styles and scripts into a folder of a page."""
    folder.mkdir(exist_ok=True)
    source = files("srbench") / "report" / "assets"
    for name in names:
        write_text(folder / name, (source / name).read_text(encoding="utf-8"))

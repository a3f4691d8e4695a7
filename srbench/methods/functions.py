"""Python functions as methods: `package.module:function`, called as `function(image, scale)`.

The image is uint8 H x W x 3 (RGB), and so is the result, `scale` times as large. The module is found as
Python finds it, or in the current folder.

What a function reads beside its own module decides its pixels, and only its author knows it. It is declared
by the option `weights=` (`package.module:function:weights=A,weights=B`), or beside the function by its
attribute `weights`: `function.weights = ["a.bin", "b.bin"]`, file names written out, relative to the module's
folder; an empty list says that it reads nothing. Stored outputs of a function that declares nothing serve
the run that made them only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from srbench.core.files import content_hashes, file_hash
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.core.text import first_line
from srbench.methods.contract import Method, Upscaler

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

    from srbench.core.records import Sample

ATTRIBUTE = "weights"


def is_function(name: str) -> bool:
    """Whether a name has the form `package.module:function`."""
    module, colon, function = name.partition(":")
    return bool(colon) and function.isidentifier() and all(part.isidentifier() for part in module.split("."))


def function_method(function_name: str, options: str, name: str) -> Method:
    """The method of a function; `UsageError` where there is no such module, `UserError` for missing files.

    `options` are those behind it, `name` is the whole, for messages. Nothing of the module is run.
    """
    module, _, function = function_name.partition(":")
    source = _source_of(module)
    if source is None:
        raise UsageError(
            f"{name}: there is no Python module {module}; give a method, a model file or a module"
        )
    given, beside = _given(options, name), _beside(source, function)
    files = (source, *given, *(beside or ()))
    return Method(
        name=f"{module}.{function}",
        summary=f"the Python function {function_name}",
        kind="model",
        source=str(source),
        open=lambda _: _called(function_name, _import(module, function, source)),
        reads=files,
        reads_all=bool(given) or beside is not None,
        fingerprint=lambda _: " ".join(content_hashes(files)),
    )


def _given(options: str, name: str) -> list[Path]:
    """The files of the options."""
    files = []
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key != ATTRIBUTE:
            raise UsageError(f"{name}: '{option}' is not weights=FILE")
        files.append(_existing(Path(value), name))
    return files


def _beside(source: Path, function: str) -> list[Path] | None:
    """The files of the function's attribute, read from the module's text; None where it has none."""
    if source.suffix != ".py":
        return None
    try:
        statements = ast.parse(source.read_bytes()).body
    except (SyntaxError, ValueError):  # said in its own words when the module is imported
        return None
    found = None
    for statement in statements:
        if isinstance(statement, ast.Assign) and any(
            _is_attribute(one, function) for one in statement.targets
        ):
            found = _written_out(statement.value, f"{source}: {function}.{ATTRIBUTE}")
    return None if found is None else [_existing(source.parent / file, str(source)) for file in found]


def _is_attribute(target: ast.expr, function: str) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and target.attr == ATTRIBUTE
        and isinstance(target.value, ast.Name)
        and target.value.id == function
    )


def _written_out(value: ast.expr, where: str) -> list[str]:
    try:
        names = ast.literal_eval(value)
    except ValueError:
        names = None
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise UserError(f'{where} must be a list of file names that is written out, such as ["model.bin"]')
    return list(names)


def _existing(path: Path, where: str) -> Path:
    if not path.is_file():
        raise UserError(f"{where}: {path}: no such file")
    return path


def _source_of(module: str) -> Path | None:
    import sys
    from importlib import invalidate_caches
    from importlib.util import find_spec

    _see_current_folder()
    try:
        found = find_spec(module)
    except (ImportError, ValueError):
        return None
    except (Exception, SystemExit) as error:  # finding a module imports the packages around it
        raise UserError(f"{module} cannot be imported ({first_line(error)})") from None
    if found is None or not found.has_location or not found.origin:
        return None
    if module in sys.modules and not Path(found.origin).is_file():  # imported earlier, gone since
        del sys.modules[module]
        invalidate_caches()
        return _source_of(module)
    return Path(found.origin)


def _see_current_folder() -> None:
    import sys

    if "" not in sys.path:
        sys.path.insert(0, "")


def _import(module: str, function: str, source: Path) -> Callable[[np.ndarray, int], np.ndarray]:
    _see_current_folder()
    # Importing runs the user's code, which may fail in any way, and must not end this program silently.
    try:
        found = getattr(_version_of(module, file_hash(source)), function)
    except (Exception, SystemExit) as error:
        raise UserError(f"{module}:{function} cannot be imported ({first_line(error)})") from None
    if not callable(found):
        raise UserError(f"{module}:{function} is not a function")
    return cast("Callable[[np.ndarray, int], np.ndarray]", found)


@lru_cache(maxsize=256)
def _version_of(module: str, _hash: str) -> ModuleType:
    """The module; imported again where this process has it from before its file was changed."""
    import importlib
    import sys

    importlib.invalidate_caches()
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # bytecode knows a file by its second
    try:
        if module in sys.modules:
            return importlib.reload(sys.modules[module])
        return importlib.import_module(module)
    finally:
        sys.dont_write_bytecode = before


def _called(name: str, function: Callable[[np.ndarray, int], np.ndarray]) -> Upscaler:
    def upscale(sample: Sample) -> np.ndarray:
        """One image; whatever the function does wrong is the reason of this image."""
        import numpy as np

        from srbench.images.pixels import as_rgb

        image, scale = as_rgb(sample.low_resolution), sample.pair.scale
        try:
            result = function(image, scale)
        except Unscorable:
            raise
        except (Exception, SystemExit) as error:
            raise Unscorable(f"{name} failed: {type(error).__name__}: {first_line(error)}") from error
        expected = (image.shape[0] * scale, image.shape[1] * scale, 3)
        if not isinstance(result, np.ndarray) or result.dtype != np.uint8 or result.shape != expected:
            kind = (
                f"{result.dtype} {result.shape}" if isinstance(result, np.ndarray) else type(result).__name__
            )
            raise Unscorable(f"{name} returned {kind} where uint8 {expected} is expected")
        return result

    return upscale

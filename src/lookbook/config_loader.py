"""How configuration environments are layered, and the checks before anything runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf, _utils
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from lookbook.attributes.schema import parse_schema
from lookbook.config_keys import (
    check_globals,
    check_parameters,
    clashing_names,
    read_file,
)
from lookbook.errors import InputError, first_line

# Globals that an environment declares as a whole: a name that it leaves out is not used.
WHOLE = ("embedders",)
# Kinds of configuration whose nested keys an environment may override one by one.
MERGED = ("parameters", "globals")
# The environment that every configuration has.
BASE = "base"
SUFFIXES = (".yml", ".yaml", ".json")


# Values that a global chooses among are a table whose name begins with an underscore.
_UNKNOWN_CHOICE = re.compile(r"Interpolation key '(_\w+)\.(\w+)' not found")


class ConfigLoader(OmegaConfigLoader):
    """Reads ``conf/base``, then ``conf/local``, then the environment.

    Kedro reads ``conf/local`` only where no ``--env`` is given. A user's own photos, attributes and
    keys stand there, and are meant whichever captioner an environment brings.

    Parameters and globals are merged key by key, so that an environment overrides a single one.
    ``schema.yml`` is a schema: the last environment that has one declares all of it.

    The source may be an archive, such as the ``conf-lookbook.tar.gz`` of ``kedro package``.
    ``${conf:NAME}`` is the path of a file beside the configuration, such as a prompt, and
    ``${today:}`` the date.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Open a configuration; see :class:`kedro.config.OmegaConfigLoader`.

        Raises:
            InputError: If an archive cannot be unpacked, the environment is unknown, or the
                globals cannot be read.
        """
        source = unpack(str(conf_source)) if Path(conf_source).is_file() else conf_source
        if not (Path(source) / BASE).is_dir():
            raise InputError(
                f"There is no configuration in '{source}'. Name its folder, or the archive of "
                "'kedro package', with --conf-source."
            )
        if env and not (Path(source) / env).is_dir():
            raise InputError(f"There is no environment '{env}': no folder {source}/{env}.")
        names = (options.get("base_env"), options.get("default_run_env"), env)
        # Not from the attributes of these names, which change while one environment is loaded.
        self._environments: list[str] = list(dict.fromkeys(filter(None, names)))
        super().__init__(source, env, expand_home(runtime_params), **options)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Load one kind of configuration, such as ``catalog`` or ``credentials``.

        Raises:
            MissingConfigException: If there is none of it, or no such environment.
            InputError: If a file is no configuration, a key is unknown, the photo folder has no
                name, or the declared attributes cannot be used.
        """
        if key in self:
            return super().__getitem__(key)
        # Kedro keeps the globals that it has loaded.
        if key == "globals" and (loaded := getattr(self, "_globals", None)):
            return dict(loaded)
        loaded = expand_home(self._layer(key))
        given = self.runtime_params or {}
        photos = given.get("photos", loaded.get("photos"))
        if key in ("parameters", "globals") and photos == "":
            raise InputError(
                "'photos' is empty. Name your photo folder with --params=photos=FOLDER or as "
                "'photos:' in conf/local/globals.yml."
            )
        if key == "globals":
            base = self._load(key, self.base_env)
            # A section of the command line is one of the parameters where the global is none.
            typed = {
                name: value
                for name, value in given.items()
                if name in base and (isinstance(base[name], dict) or not isinstance(value, dict))
            }
            loaded = merge(loaded, typed)
            check_globals(base, loaded, typed, self)
        if key == "parameters":
            global_names = set(self["globals"])
            for name in clashing_names(given, global_names):
                loaded[name] = self._declared(name)
            check_parameters(loaded, given, global_names, self)
            if "schema" in loaded:
                parse_schema(loaded["schema"], self._place("schema.yml"))
        return loaded

    def files(self, key: str | None = None) -> Iterator[tuple[str, Path]]:
        """List the configuration's files, those of the last environment first.

        Args:
            key: A kind of configuration; all kinds without it.

        Yields:
            A file's name, such as ``conf/local/globals.yml``, and its path.
        """
        source = Path(self.conf_source)
        for environment in reversed(self._environments):
            folder = source / environment
            patterns = self.config_patterns[key] if key else ["**/*"]
            paths = {path for pattern in patterns for path in folder.glob(pattern)}
            for path in sorted(path for path in paths if path.suffix in SUFFIXES):
                yield path.relative_to(source.parent).as_posix(), path

    def _layer(self, key: str) -> dict[str, Any]:
        """Lay the environments over one another."""
        merged: dict[str, Any] = {}
        for environment in self._environments:
            try:
                layer = self._load(key, environment)
            except MissingConfigException:
                # A packaged configuration has no conf/local.
                if environment != self.default_run_env or environment == self.env:
                    raise
                continue
            merged = merge(merged, layer) if key in MERGED else {**merged, **layer}
        if key == "parameters":
            schemas = [self._load("schema", environment) for environment in self._found()]
            merged = merge(next(filter(None, reversed(schemas)), {}), merged)
        if not merged and key != "globals":
            raise MissingConfigException(f"There is no configuration '{key}' in {self.conf_source}")
        return merged

    def _declared(self, name: str) -> dict[str, Any]:
        """Read a section of the parameters as the files declare it, without the command line."""
        section: dict[str, Any] = {}
        for file, path in reversed([*self.files("parameters")]):
            declared: Any = OmegaConf.to_container(read_file(file, path))
            section = merge(section, declared.get(name) or {})
        return section

    def _found(self) -> list[str]:
        source = Path(self.conf_source)
        return [name for name in self._environments if (source / name).is_dir()]

    def _load(self, key: str, environment: str) -> dict[str, Any]:
        """Load what one environment declares, without the others."""
        OmegaConf.register_new_resolver("conf", self._path_of, replace=True)
        OmegaConf.register_new_resolver("today", lambda: date.today().isoformat(), replace=True)
        names = self.base_env, self.env
        self.base_env = self.env = environment
        try:
            return super().__getitem__(key)
        except (YAMLError, OmegaConfBaseException, OSError, ValueError, AttributeError) as error:
            # The file that cannot be read is named, where it is one.
            for file in self.files(key):
                read_file(*file)
            first = first_line(error)
            if choice := _UNKNOWN_CHOICE.search(first):
                raise InputError(self._unknown_choice(key, *choice.groups())) from error
            raise InputError(
                f"The configuration in conf/{environment} cannot be used: {first}"
            ) from error
        finally:
            self.base_env, self.env = names

    def _unknown_choice(self, key: str, table: str, value: str) -> str:
        """Name a global whose value is none of a table's, and the values that it may have."""
        tables = (read_file(*file).get(table) for file in self.files(key))
        choices = ", ".join(f"'{name}'" for name in next(filter(None, tables), {}))
        given = {**self["globals"], **(self.runtime_params or {})}
        name = next((name for name in given if given[name] == value), table.strip("_"))
        return f"There is no {name} '{value}'. Choose one of {choices}."

    def _path_of(self, name: str) -> str:
        """Find a file or folder beside the configuration, in the last environment that has it."""
        source = Path(self.conf_source).absolute()
        paths = [source / environment / name for environment in reversed(self._environments)]
        return next((path for path in paths if path.exists()), paths[-1]).as_posix()

    def _place(self, name: str) -> str:
        return str(Path(self._path_of(name)).relative_to(Path(self.conf_source).absolute().parent))


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Merge two configurations key by key.

    Lists and the globals of :data:`WHOLE` are replaced; an empty section overrides nothing.
    """
    merged = dict(base)
    for name, value in over.items():
        below = base.get(name)
        if isinstance(below, dict) and isinstance(value, dict | None) and name not in WHOLE:
            merged[name] = merge(below, value or {})
        else:
            merged[name] = value
    return merged


def expand_home(value: Any) -> Any:
    """Expand the ``~`` of every path in a configuration."""
    if isinstance(value, dict):
        return {name: expand_home(one) for name, one in value.items()}
    if isinstance(value, list):
        return [expand_home(one) for one in value]
    is_path = isinstance(value, str) and value.startswith(("~/", "~\\"))
    return str(Path(value).expanduser()) if is_path else value


def use_libyaml() -> None:
    """Have OmegaConf parse YAML by libyaml where it is there: it takes a twentieth of the time."""
    if not yaml.__with_libyaml__:
        return
    from yaml import _yaml

    parser: Any = _yaml.CParser
    base: Any = _utils.get_yaml_loader()

    class Loader(parser, base):
        def __init__(self, stream: Any) -> None:
            parser.__init__(self, stream)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

    _utils.get_yaml_loader = lambda: Loader


use_libyaml()


@cache
def _unpack(archive: str) -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="lookbook-conf-")
    is_zip = archive.lower().endswith(".zip")
    shutil.unpack_archive(archive, folder.name, filter=None if is_zip else "data")
    return folder


def unpack(archive: str) -> str:
    """Unpack an archive of configuration into a folder that goes when Python ends.

    Args:
        archive: A zip or tar file.

    Returns:
        The folder of the environments.

    Raises:
        InputError: If it is no archive, or holds no configuration.
    """
    try:
        root = Path(_unpack(archive).name)
    except (shutil.ReadError, OSError, ValueError) as error:
        raise InputError(f"The configuration '{archive}' cannot be unpacked: {error}.") from error
    found = sorted(root.rglob(f"{BASE}/"), key=lambda path: len(path.parts))
    if not found:
        raise InputError(f"The archive '{archive}' holds no configuration: no folder '{BASE}'.")
    return str(found[0].parent)

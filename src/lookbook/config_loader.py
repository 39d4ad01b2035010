"""How configuration environments lie over one another, and what is checked of them first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf

from lookbook.errors import InputError
from lookbook.labels.fields import read_fields


class ConfigLoader(OmegaConfigLoader):
    """Reads ``conf/base``, then ``conf/local``, then the environment.

    Kedro reads ``conf/local`` only where no ``--env`` is given. A user's own photos, fields and
    keys stand there, and are meant whichever captioner an environment brings.

    The declared fields are checked as they are read, before anything runs; so is that a folder of
    photos is named, for Kedro would take no name for the project's own folder.
    """

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Loads one kind of configuration, such as ``catalog`` or ``credentials``.

        Raises:
            MissingConfigException: If there is none of it, or no such environment.
            InputError: If the declared fields cannot be used; it names file, field and value. Or
                if the photo folder's name is empty.
        """
        loaded = self._layer(key)
        named = (self.runtime_params or {}).get("photos", loaded.get("photos"))
        if key in ("parameters", "globals") and named == "":
            raise InputError(
                "No photo folder is named: 'photos' is empty. Name yours with --photos=FOLDER or "
                "as 'photos:' in conf/local/globals.yml."
            )
        if key == "parameters" and "fields" in loaded:
            read_fields(loaded["fields"], self._place("fields.yml"))
        return loaded

    def _layer(self, key: str) -> dict[str, Any]:
        if key == "parameters" and self.runtime_params and key not in self:
            return self._layer_parameters()
        loaded = super().__getitem__(key)
        if key in self or self.env in (None, self.base_env, self.default_run_env):
            return loaded
        layered = self._load(key, self.base_env, self.default_run_env)
        try:
            return {**layered, **self._load(key, str(self.env), str(self.env))}
        except MissingConfigException:
            return layered

    def _layer_parameters(self) -> dict[str, Any]:
        """Layers parameters by what each environment's files declare.

        Kedro adds those of the command line to every environment's own, and then lets an
        environment's top-level keys replace the base's: one file in conf/local, and
        ``--params=distil.folds=3`` would leave nothing else of ``distil``.
        """
        environments = dict.fromkeys((self.base_env, self.default_run_env, self.env))
        layered: dict[str, Any] = {}
        for environment in filter(None, environments):
            try:
                layer = self._load("parameters", environment, environment)
            except MissingConfigException:
                continue
            own = self._declared_in(environment) if layered else set(layer)
            layered |= {name: told for name, told in layer.items() if name in own}
        return layered

    def _declared_in(self, environment: str) -> set[str]:
        """Names the parameters that an environment's own files declare."""
        folder = Path(self.conf_source) / environment
        files = {
            file
            for pattern in self.config_patterns["parameters"]
            for file in folder.glob(pattern)
            if file.suffix in {".yml", ".yaml", ".json"}
        }
        return {str(name) for file in files for name in OmegaConf.load(file)}

    def _place(self, name: str) -> str:
        """Says which file of a name counts."""
        source = Path(self.conf_source)
        environments = (self.env or self.default_run_env, self.default_run_env, self.base_env)
        places = (source / str(environment) / name for environment in environments)
        found = next((place for place in places if place.exists()), source / name)
        return str(found.relative_to(source.parent))

    def _load(self, key: str, base_env: str, env: str) -> dict[str, Any]:
        own = self.base_env, self.env
        self.base_env, self.env = base_env, env
        try:
            return super().__getitem__(key)
        finally:
            self.base_env, self.env = own

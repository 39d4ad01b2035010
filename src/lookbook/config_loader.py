"""How configuration environments lie over one another."""

from __future__ import annotations

from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader


class ConfigLoader(OmegaConfigLoader):
    """Reads ``conf/base``, then ``conf/local``, then the environment.

    Kedro reads ``conf/local`` only where no ``--env`` is given. A user's own photos, words and
    keys stand there, and are meant whichever captioner an environment brings.
    """

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Loads one kind of configuration, such as ``catalog`` or ``credentials``.

        Raises:
            MissingConfigException: If there is none of it, or no such environment.
        """
        loaded = super().__getitem__(key)
        if key in self or self.env in (None, self.base_env, self.default_run_env):
            return loaded
        layered = self._load(key, self.base_env, self.default_run_env)
        try:
            return {**layered, **self._load(key, str(self.env), str(self.env))}
        except MissingConfigException:
            return layered

    def _load(self, key: str, base_env: str, env: str) -> dict[str, Any]:
        own = self.base_env, self.env
        self.base_env, self.env = base_env, env
        try:
            return super().__getitem__(key)
        finally:
            self.base_env, self.env = own

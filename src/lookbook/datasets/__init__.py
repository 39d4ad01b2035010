"""The Kedro datasets that the catalog needs and kedro-datasets lacks."""

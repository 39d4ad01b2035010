"""What ``explore`` tells at the end of a run."""

PLACES = {"map": "catalogue_map", "sheet": "catalogue_map_sheet"}
NEXT = "make explore opens the map in your browser"

from dataclasses import dataclass
@dataclass
class Appearance:
    colours: list
    pattern: str
def describe_appearance(p,m): return Appearance([],None)

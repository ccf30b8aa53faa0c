"""What a hostile file is made of, for the modules that list them."""

HEAD = "title: 清运量\nunit: t\nof: a.b\nmodifier: {yoy: {}}\n"
MEANING = HEAD + "meaning: "
YAML, JSON = "a/c.indicator.yaml", "a/c.indicator.json"
Row = tuple[str, str | bytes, str | bytes, str]


def row(name: str, hostile: str | bytes, benign: str | bytes, file: str = YAML) -> Row:
    """One hostile content, its harmless twin, and the name of the file."""
    return name, hostile, benign, file

"""Each column as PostgreSQL's COPY writes it, whichever database it is read from.

A row is the same text on both sides, so a digest over that text compares them: times in UTC without zeros at
their end, true as ``t``, a float by its shortest digits, JSON as it was written.
"""

from decimal import Decimal

import sqlalchemy as sa

FLOAT = "shortest_float"  # the name of `shortest_float` in SQLite's SQL


def column_names(table: sa.Table) -> str:
    """The columns in the order in which both sides read them."""
    return ", ".join(quoted(column) for column in table.columns)


def key_order(table: sa.Table) -> str:
    """The primary key, text by its bytes: the order of SQLite, whatever PostgreSQL's collation is."""
    return ", ".join(
        f'{quoted(column)} COLLATE "C"' if isinstance(_kind(column), sa.String) else quoted(column)
        for column in table.primary_key
    )


def from_sqlite(column: sa.Column[object]) -> str:
    """The SQL that reads a column from SQLite as PostgreSQL writes it."""
    kind, name = _kind(column), quoted(column)
    if isinstance(kind, sa.Boolean):
        return f"CASE {name} WHEN 1 THEN 't' WHEN 0 THEN 'f' END"
    if isinstance(kind, sa.DateTime):
        return f"CASE WHEN instr({name}, '.') THEN rtrim(rtrim({name}, '0'), '.') ELSE {name} END || '+00'"
    return f"{FLOAT}({name})" if isinstance(kind, sa.Float) else name


def _kind(column: sa.Column[object]) -> sa.types.TypeEngine[object]:
    """The type under those that only convert in Python."""
    kind: sa.types.TypeEngine[object] = column.type
    while isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    return kind


def quoted(column: sa.Column[object]) -> str:
    return f'"{column.name}"'


def shortest_float(value: float | None) -> str | None:
    """As PostgreSQL writes a double: the fewest digits that tell it, an exponent beyond 15 places."""
    if value is None:
        return None
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    if not isinstance(exponent, int):
        return "Infinity" if value > 0 else "-Infinity"  # SQLite keeps no NaN
    shown = "".join(map(str, digits))
    first = len(shown) + exponent - 1  # the power of ten of the first digit
    if shown == "0":
        text = "0"
    elif -4 <= first < 15:
        text = format(Decimal((0, digits, exponent)), "f")
    else:
        text = f"{shown[0]}{'.' if shown[1:] else ''}{shown[1:]}e{first:+03d}"
    return f"{'-' if sign else ''}{text}"

"""Each column as PostgreSQL's COPY writes it, whichever database it is read from.

A row is the same text on both sides, so a digest over that text compares them: times in UTC without zeros at
their end, true as ``t``, a float by seventeen digits, JSON as it was written.
"""

import sqlalchemy as sa

FLOAT = "exact_float"  # the name of `exact_float` in SQLite's SQL


def column_names(table: sa.Table) -> str:
    """The columns in the order in which both sides read them."""
    return ", ".join(quoted(column) for column in table.columns)


def from_postgresql(table: sa.Table) -> str:
    """The columns as they are read back: text as it was copied."""
    return ", ".join(
        f"ltrim(to_char({quoted(column)}, '9.{'9' * 16}EEEE'))"
        if isinstance(_kind(column), sa.Float)
        else quoted(column)
        for column in table.columns
    )


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


def exact_float(value: float | None) -> str | None:
    """Seventeen digits, which tell every double from every other; PostgreSQL's `to_char` writes the same."""
    return None if value is None else f"{value:.16e}"

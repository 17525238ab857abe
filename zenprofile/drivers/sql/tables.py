"""The tables, and the statements over them that are made once.

A person can read them with plain SQL. Other tables of the database are left alone.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import TypeEngine

from zenprofile.drivers.sql import packed

VERSION = "0003"  # `zenprofile.drivers.sql.migrations` leads here from each earlier one

metadata = MetaData()
_BY_BYTES = "utf8mb4_bin"
_MYSQL = ("mysql", "mariadb")


def _exact(length: int) -> TypeEngine[str]:
    """Return the type of text that is compared byte by byte, whatever the database's collation is."""
    # On PostgreSQL the collation is what `lower` goes by as well: in a Turkish locale it would not make an i of an I.
    text = String(length).with_variant(String(length, _BY_BYTES), *_MYSQL)
    return text.with_variant(String(length, "C"), "postgresql")


def _long() -> TypeEngine[str]:
    # Of this length, MySQL makes it a LONGTEXT. Its own types and table options would cost every start their import.
    return Text().with_variant(Text(2**32 - 1, _BY_BYTES), *_MYSQL)


def _count() -> TypeEngine[int]:
    # SQLite makes a column of this very type the place of the row.
    return BigInteger().with_variant(Integer(), "sqlite")


entities = Table(
    "zenprofile_entities",
    metadata,
    Column("kind", _exact(16), primary_key=True),
    Column("type", _exact(64), primary_key=True),
    # The name without regard to case: two spellings of one name cannot both be there.
    Column("folded", _exact(128), primary_key=True),
    Column("name", _exact(128), nullable=False),
    Column("document", _long(), nullable=False),
    Column("revision", String(80), nullable=False),
    Column("number", _count(), ForeignKey("zenprofile_changes.number"), nullable=False),
    # What the document says, as JSON, so that a list need not parse it; believed only while the seal fits.
    Column("data", _long()),
    Column("seal", BigInteger, nullable=False),
    CheckConstraint("folded = lower(name)", "zenprofile_entities_folded"),
    sqlite_with_rowid=False,
)
changes = Table(
    "zenprofile_changes",
    metadata,
    Column("number", _count(), primary_key=True, autoincrement=False),
    Column("who", _exact(255), nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("message", _long(), nullable=False),
    # What the machine that made it knows again (`zenprofile.store.undo.mark`); what it takes back, by `undo`.
    Column("mark", String(64), nullable=False),
    Column("undone", _count()),
    # SHA-256 of what names the attempt to write: a repetition whose first answer was lost is found by it.
    Column("idempotency_key", String(64)),
    Index("zenprofile_changes_idempotency_key", "idempotency_key", unique=True),
)
change_entities = Table(
    "zenprofile_change_entities",
    metadata,
    Column("kind", _exact(16), primary_key=True),
    Column("type", _exact(64), primary_key=True),
    Column("name", _exact(128), primary_key=True),
    Column("number", _count(), ForeignKey("zenprofile_changes.number"), primary_key=True, autoincrement=False),
    Column("text_before", _long()),
    Column("text_after", _long()),
    Index("zenprofile_change_entities_number", "number"),
    sqlite_with_rowid=False,
)
# Of servers that serve the store: what is kept of each access token.
tokens = Table(
    "zenprofile_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created", String(32), nullable=False),
)
# In Alembic's own form, so that its migrations can go on from here.
version = Table("zenprofile_alembic_version", metadata, Column("version_num", String(32), primary_key=True))

HEAD = select(func.coalesce(func.max(changes.c.number), 0))
# The last column of whatever reads the present: what the rows are the state of.
_AS_OF = HEAD.scalar_subquery().label("head")

_e = entities.c
_ONE = (_e.kind == bindparam("kind"), _e.type == bindparam("type"), _e.folded == bindparam("folded"))
_ROW = (_e.kind, _e.type, _e.name, _e.document, _e.data, _e.revision, _e.seal)
ENTITY = select(*_ROW, _AS_OF).where(*_ONE)
NAME = select(_e.name, _AS_OF).where(*_ONE)


def _selects(columns: tuple[ColumnElement[Any], ...]) -> dict[tuple[bool, bool], Select[Any]]:
    """Return the select of many, by whether a kind and a type are asked for."""
    every = select(*columns, _AS_OF)
    of_kind = every.where(_ONE[0])
    return {
        (False, False): every,
        (True, False): of_kind,
        (True, True): of_kind.where(_ONE[1]),
        (False, True): every.where(_ONE[1]),
    }


# As many documents as are asked for, in one statement.
MANY = select(*_ROW, _AS_OF).where(tuple_(_e.kind, _e.type, _e.folded).in_(bindparam("places", expanding=True)))
_place = func.json_each(bindparam("places")).table_valued("value", joins_implicitly=True)
# The same for SQLite, whose text does not grow with their number: places as JSON.
MANY_OF_JSON = select(*_ROW, _AS_OF).where(
    *(column == func.json_extract(_place.c.value, f"$[{i}]") for i, column in enumerate((_e.kind, _e.type, _e.folded)))
)
MADE_WITH_KEY = select(changes.c.number).where(changes.c.idempotency_key == bindparam("key"))
# Held until the end of a transaction that writes, so that writers wait for each other and do not have to begin again.
LOCK = select(version.c.version_num).with_for_update()

KEYS = _selects((_e.kind, _e.type, _e.name))
ENTITIES = _selects(_ROW)


def _joined(column: Column[Any], separator: str = packed.SEPARATOR) -> ColumnElement[Any]:
    return func.group_concat(column, literal_column(f"'{separator}'"))  # a bound one takes an eighth longer


# What `zenprofile.drivers.sql.packed` reads. Only SQLite joins values of any length.
_PACK = (_joined(_e.name), _joined(_e.document), _joined(_e.data), _joined(_e.revision), _joined(_e.seal, packed.COMMA))
PACKED = {
    asked: statement.group_by(_e.kind, _e.type) for asked, statement in _selects((_e.kind, _e.type, *_PACK)).items()
}

INSERT = entities.insert()
INSERT_CHANGE = changes.insert()
INSERT_EDITS = change_entities.insert()
UPDATE = (
    update(entities)
    .where(
        _e.kind == bindparam("at_kind"),
        _e.type == bindparam("at_type"),
        _e.folded == bindparam("at_folded"),
        _e.name == bindparam("at_name"),
        _e.revision == bindparam("at_revision"),
    )
    .values({name: bindparam(name) for name in ("document", "revision", "number", "data", "seal")})
)
DELETE = delete(entities).where(
    _e.kind == bindparam("at_kind"),
    _e.type == bindparam("at_type"),
    _e.folded == bindparam("at_folded"),
    _e.name == bindparam("at_name"),
    _e.revision == bindparam("at_revision"),
)

# From the end backwards: what is asked for is mostly near it.
LAST_UNTIL = (
    select(changes.c.number).where(changes.c.made_at <= bindparam("until")).order_by(changes.c.number.desc()).limit(1)
)
CHANGES_BELOW = (
    select(changes.c.number, changes.c.who, changes.c.made_at, changes.c.message)
    .where(changes.c.number < bindparam("below"))
    .order_by(changes.c.number.desc())
    .limit(bindparam("most"))
)
MARKS_BELOW = (
    select(changes.c.number, changes.c.mark, changes.c.undone)
    .where(changes.c.number < bindparam("below"))
    .order_by(changes.c.number.desc())
    .limit(bindparam("most"))
)
_c = change_entities.c
EDITS_BETWEEN = (
    select(_c.number, _c.kind, _c.type, _c.name, _c.text_before, _c.text_after)
    .where(_c.number.between(bindparam("first"), bindparam("last")))
    .order_by(_c.number, _c.kind, _c.type, _c.name)
)
LAST_OF_ENTITY = select(func.max(_c.number)).where(
    _c.kind == bindparam("kind"),
    _c.type == bindparam("type"),
    _c.name == bindparam("name"),
    _c.number < bindparam("below"),
)
_last = (
    select(_c.kind, _c.type, _c.name, func.max(_c.number).label("number"))
    .where(_c.number <= bindparam("number"))
    .group_by(_c.kind, _c.type, _c.name)
    .subquery()
)
AS_OF = select(_c.kind, _c.type, _c.name, _c.text_after).join(
    _last,
    (_c.kind == _last.c.kind) & (_c.type == _last.c.type) & (_c.name == _last.c.name) & (_c.number == _last.c.number),
)

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from releveur.ops import grants

pytestmark = pytest.mark.django_db

PRIVILEGES = """
    select table_name, array_agg(privilege_type::text order by privilege_type)
    from information_schema.role_table_grants
    where table_schema = 'public' and grantee = current_user
    group by table_name
"""


def test_the_application_may_write_every_table_and_change_none_that_is_written_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        granted = dict(cursor.fetchall())
        tables = set(connection.introspection.table_names(cursor))
    assert tables == set(granted)
    assert set(grants.WRITTEN_ONCE) <= tables
    for table, privileges in granted.items():
        once = table in grants.WRITTEN_ONCE
        assert privileges == (
            ["INSERT", "SELECT"] if once else ["DELETE", "INSERT", "SELECT", "UPDATE"]
        ), table


@pytest.mark.parametrize("table", grants.WRITTEN_ONCE)
@pytest.mark.parametrize("change", ["update {} set id = id", "delete from {}", "truncate {}"])
def test_what_is_written_once_is_never_changed(table: str, change: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))

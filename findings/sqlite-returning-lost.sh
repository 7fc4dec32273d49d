#!/bin/sh
#
# Question:      a program draws a number with "UPDATE ... RETURNING", which has
#                one row: it steps once, gets SQLITE_ROW and the number, and
#                resets the statement.  Meanwhile another connection reads.  Is
#                the new number stored?
# Likely guess:  yes: the row is what was written, sqlite3_changes() says 1, and
#                a lock that could not be had would have been SQLITE_BUSY in
#                place of the row.
# Truth:         no, unless the journal is a WAL.  What the first step has
#                changed is committed when the statement ends, which is in
#                sqlite3_reset() or sqlite3_finalize(), whose result hardly
#                anybody looks at: it is SQLITE_BUSY, after the busy timeout,
#                and the change is rolled back.  The next one draws the same
#                number.  The sqlite3.h of this version even says that
#                sqlite3_reset() returns SQLITE_OK after SQLITE_ROW.  If it is
#                stepped until there are no more rows, sqlite3_step() returns
#                the error.
# Source:        SQLite's page of sqlite3_reset() as it is today, and rusqlite's
#                issue 1418, which took it up; SQLite's src/vdbeaux.c,
#                sqlite3VdbeHalt().

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libsqlite3-0=3.40.1-2*' 'libsqlite3-dev=3.40.1-2*'

# shellcheck disable=SC2154 # of the file above
cat > "$dir/draw.c" <<'EOS'
#include <stdio.h>
#include <sqlite3.h>


static const char *
name(int code)
{
    switch (code) {

    case SQLITE_OK:
        return "OK";

    case SQLITE_BUSY:
        return "BUSY";

    case SQLITE_ROW:
        return "ROW";

    default:
        return "another code";
    }
}


/* a connection that has begun to read, which is a shared lock, or reads all */

static int
number(sqlite3 *db, sqlite3_stmt **keep)
{
    int            n;
    sqlite3_stmt  *stmt;

    sqlite3_prepare_v2(db, "SELECT n FROM t", -1, &stmt, NULL);
    n = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;

    if (keep) {
        *keep = stmt;

    } else {
        sqlite3_finalize(stmt);
    }

    return n;
}


static int
draw(const char *file, const char *journal, int (*end)(sqlite3_stmt *),
    const char *what, int ended, int stored)
{
    int            first, changes, code, n, now;
    char           sql[128];
    sqlite3       *db, *other;
    sqlite3_stmt  *stmt, *reading;

    sqlite3_open(file, &db);
    sqlite3_open(file, &other);
    sqlite3_busy_timeout(db, 200);

    snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s; DROP TABLE IF EXISTS "
             "t; CREATE TABLE t (n); INSERT INTO t VALUES (1)", journal);
    sqlite3_exec(db, sql, NULL, NULL, NULL);

    number(other, &reading);

    sqlite3_prepare_v2(db, "UPDATE t SET n = n + 1 RETURNING n", -1, &stmt,
                       NULL);

    first = sqlite3_step(stmt);
    n = sqlite3_column_int(stmt, 0);
    changes = sqlite3_changes(db);
    code = end(stmt);

    if (end != sqlite3_finalize) {
        sqlite3_finalize(stmt);
    }

    sqlite3_finalize(reading);
    now = number(db, NULL);

    printf("journal %s: sqlite3_step() %s with %d, changes %d; %s %s; "
           "stored: %d\n", journal, name(first), n, changes, what, name(code),
           now);

    sqlite3_close(other);
    sqlite3_close(db);

    return first == SQLITE_ROW && n == 2 && changes == 1 && code == ended
           && now == stored;
}


int
main(int argc, char **argv)
{
    int          good;
    const char  *file = argv[1];

    printf("SQLite %s\n", sqlite3_libversion());

    good = draw(file, "DELETE", sqlite3_reset, "sqlite3_reset()", SQLITE_BUSY,
                1);
    good &= draw(file, "DELETE", sqlite3_finalize, "sqlite3_finalize()",
                 SQLITE_BUSY, 1);
    good &= draw(file, "DELETE", sqlite3_step, "sqlite3_step()", SQLITE_BUSY,
                 1);
    good &= draw(file, "WAL", sqlite3_reset, "sqlite3_reset()", SQLITE_OK, 2);

    return !good;
}
EOS

build draw -lsqlite3

"$dir/draw" "$dir/db" || {
    echo "That is not what was seen before."
    exit 1
}

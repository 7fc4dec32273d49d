#!/bin/sh
#
# Question:      several processes open a database of SQLite's at the same time,
#                each with a busy handler, so that SQLite waits for locks, and
#                each with "PRAGMA journal_mode = WAL" first of all.  One has
#                begun to write while the file is not a WAL yet.  What does the
#                pragma do in another one?
# Likely guess:  it waits, as BEGIN IMMEDIATE does for the same lock, and goes
#                on when the writer is done.
# Truth:         SQLITE_BUSY at once: the handler is not called.  To change the
#                file's format the pragma first reads and then wants to write,
#                and where a read transaction becomes one that writes SQLite
#                calls no handler, as two of them could wait for each other.  If
#                the others only read, the same pragma does call it.  So a busy
#                timeout, even one that is set before the pragma, is no help
#                until the file is a WAL; the pragma is to be repeated.  After
#                that there is nothing to lock, and it succeeds beside a writer.
# Source:        SQLite's page of sqlite3_busy_handler(), which says that it may
#                not be called, but not by which statements; src/btree.c,
#                sqlite3BtreeSetVersion() and sqlite3BtreeBeginTrans().

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libsqlite3-0=3.40.1-2*' 'libsqlite3-dev=3.40.1-2*'

# shellcheck disable=SC2154 # of the file above
cat > "$dir/wal.c" <<'EOS'
#include <stdio.h>
#include <sqlite3.h>

static int  asked;


/* would wait here; gives up after three times */

static int
busy(void *data, int count)
{
    asked++;
    return count < 2;
}


static int
beside(const char *file, const char *what, const char *others, const char *sql,
    int code, int times)
{
    int       rc;
    sqlite3  *db, *other;

    sqlite3_open(file, &db);
    sqlite3_open(file, &other);
    sqlite3_busy_handler(db, busy, NULL);

    sqlite3_exec(other, others, NULL, NULL, NULL);

    asked = 0;
    rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    printf("%s, %s: %s, busy handler called %d times\n", what, sql,
           rc == SQLITE_OK ? "SQLITE_OK"
           : rc == SQLITE_BUSY ? "SQLITE_BUSY" : sqlite3_errmsg(db), asked);

    sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(other);
    sqlite3_close(db);

    return rc == code && asked == times;
}


int
main(int argc, char **argv)
{
    int          good;
    sqlite3     *db;
    const char  *file = argv[1];

    static const char  wal[] = "PRAGMA journal_mode = WAL";
    static const char  immediate[] = "BEGIN IMMEDIATE";
    static const char  reads[] = "BEGIN; SELECT * FROM t";

    printf("SQLite %s\n", sqlite3_libversion());

    sqlite3_open(file, &db);
    sqlite3_exec(db, "CREATE TABLE t (n)", NULL, NULL, NULL);
    sqlite3_close(db);

    good = beside(file, "a writer", immediate, immediate, SQLITE_BUSY, 3);
    good &= beside(file, "a writer", immediate, wal, SQLITE_BUSY, 0);
    good &= beside(file, "a reader", reads, wal, SQLITE_BUSY, 3);
    good &= beside(file, "nobody", "", wal, SQLITE_OK, 0);
    good &= beside(file, "a writer of a WAL", immediate, wal, SQLITE_OK, 0);

    return !good;
}
EOS

build wal -lsqlite3

"$dir/wal" "$dir/db" || {
    echo "That is not what was seen before."
    exit 1
}

#!/bin/sh
#
# Question:      a thread waits for a lock of SQLite's, with a busy timeout of
#                3 s.  After 0.3 s another thread calls sqlite3_interrupt() for
#                its connection, as to end a process.  What becomes of the call?
# Likely guess:  it ends at once with SQLITE_INTERRUPT, as a long query does: an
#                interrupt ends whatever its connection is doing.
# Truth:         it waits on.  If the lock stays, it ends after all of the 3 s,
#                and with SQLITE_BUSY.  If the lock is given up after 1 s, an
#                INSERT ends then, with SQLITE_INTERRUPT, and BEGIN IMMEDIATE
#                succeeds as if nobody had interrupted it: the connection is in
#                a transaction and holds the lock.  The busy handler does not
#                look at the interrupt, and the virtual machine does at its
#                start and where it jumps, which BEGIN does not.
# Source:        SQLite's page of sqlite3_interrupt(); src/main.c,
#                sqliteDefaultBusyCallback(), and src/vdbe.c,
#                check_for_interrupt.

set -eu

if ! command -v python3 > /dev/null; then
    echo "python3 is not installed"
    exit 77
fi

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libsqlite3-0=3.40.1-2*'

# shellcheck disable=SC2154 # of the file above
python3 - "$dir" <<'EOS'
import ctypes, sys, threading, time

sqlite = ctypes.CDLL('libsqlite3.so.0')
sqlite.sqlite3_libversion.restype = ctypes.c_char_p
codes = {0: 'SQLITE_OK', 5: 'SQLITE_BUSY', 9: 'SQLITE_INTERRUPT'}


def connect():
    db = ctypes.c_void_p()
    assert not sqlite.sqlite3_open(f'{sys.argv[1]}/db'.encode(),
                                   ctypes.byref(db))
    sqlite.sqlite3_busy_timeout(db, 3000)
    return db


def run(db, sql):
    return codes[sqlite.sqlite3_exec(db, sql.encode(), None, None, None)]


def later(seconds, call, *args):
    thread = threading.Timer(seconds, call, args)
    thread.start()
    return thread


# What becomes of a statement that waits and is interrupted after 0.3 s.
def interrupt(sql, unlocked):
    assert run(other, 'BEGIN IMMEDIATE') == 'SQLITE_OK'

    start = time.monotonic()
    threads = [later(0.3, sqlite.sqlite3_interrupt, db)]
    if unlocked:
        threads.append(later(unlocked, run, other, 'COMMIT'))

    code = run(db, sql)
    seconds = time.monotonic() - start
    holds = not sqlite.sqlite3_get_autocommit(db)

    for thread in threads:
        thread.join()
    for each in db, other:
        run(each, 'ROLLBACK') if not sqlite.sqlite3_get_autocommit(each) else 0

    print(f'{sql}, lock {f"kept {unlocked} s" if unlocked else "kept"}: {code}'
          f' after {seconds:.1f} s, {"a" if holds else "no"} transaction')
    return code, holds, seconds


print('SQLite', sqlite.sqlite3_libversion().decode())

db, other = connect(), connect()
run(db, 'PRAGMA journal_mode = WAL; CREATE TABLE t (x)')

insert, begin = 'INSERT INTO t VALUES (1)', 'BEGIN IMMEDIATE'
seen = [interrupt(sql, kept) for kept in (0, 1) for sql in (insert, begin)]

# a loaded machine is late, never early
if ([s[:2] for s in seen] != [('SQLITE_BUSY', False), ('SQLITE_BUSY', False),
                              ('SQLITE_INTERRUPT', False), ('SQLITE_OK', True)]
        or min(s[2] for s in seen[:2]) < 2.9
        or min(s[2] for s in seen[2:]) < 0.9):
    sys.exit('That is not what was seen before.')
EOS

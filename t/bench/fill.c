/*
 * Fills a database of grants, which nginx has made.
 *
 *     fill DATABASE KEY N
 *
 * KEY is the base64 of the store's key.  The grants are of the app whose one
 * grant is there, each with an id, an e-mail and an alias "ownerI", and expired
 * at Zoom, so that a callback looks them up and asks Zoom for nothing.
 */

#include <openssl/rand.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zoom_seal.h"


#define FILL_TOKEN  600


static void
fill_is(int fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "fill: %s\n", what);
        exit(1);
    }
}


static sqlite3_stmt *
fill_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt  *stmt;

    fill_is(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK,
            sqlite3_errmsg(db));
    return stmt;
}


static size_t
fill_seal(unsigned char *sealed, size_t size, const zoom_seal_t *seal,
    const char *app, const char *user)
{
    zoom_buf_t     b, name;
    unsigned char  nonce[ZOOM_SEAL_NONCE_LEN], under[1024];
    unsigned char  token[FILL_TOKEN];

    memset(token, 't', sizeof(token));

    zoom_buf_init(&name, under, sizeof(under));
    zoom_buf_add(&name, "grant", sizeof("grant"));
    zoom_buf_add(&name, app, strlen(app) + 1);
    zoom_buf_c(&name, user);

    zoom_buf_init(&b, sealed, size);

    fill_is(RAND_bytes(nonce, sizeof(nonce)) == 1
            && zoom_seal(&b, seal, nonce,
                         (zoom_str_t) { name.data, name.len },
                         (zoom_str_t) { token, sizeof(token) })
               == 0,
            "OpenSSL failed");
    return b.len;
}


static void
fill_name(sqlite3_stmt *stmt, const char *app, const char *name, int kind,
    const char *user)
{
    sqlite3_bind_text(stmt, 1, app, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 3, kind);
    sqlite3_bind_text(stmt, 4, user, -1, SQLITE_STATIC);
    fill_is(sqlite3_step(stmt) == SQLITE_DONE, "a name could not be added");
    sqlite3_reset(stmt);
}


int
main(int argc, char **argv)
{
    int            i;
    char           app[1024], user[32], email[64], alias[32];
    size_t         len;
    sqlite3       *db;
    zoom_seal_t    seal;
    sqlite3_stmt  *stmt, *grant, *name;
    unsigned char  sealed[FILL_TOKEN + ZOOM_SEAL_EXTRA];

    fill_is(argc == 4, "usage: fill DATABASE KEY N");

    memset(&seal, 0, sizeof(seal));
    fill_is(zoom_seal_key(&seal, zoom_str_c(argv[2])) == NULL, "no such key");
    fill_is(sqlite3_open(argv[1], &db) == SQLITE_OK, "no such database");

    sqlite3_busy_timeout(db, 5000);

    stmt = fill_prepare(db, "SELECT app FROM grants LIMIT 1");
    fill_is(sqlite3_step(stmt) == SQLITE_ROW, "nobody has connected");
    snprintf(app, sizeof(app), "%s", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);

    fill_is(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
            sqlite3_errmsg(db));

    grant = fill_prepare(db, "INSERT INTO grants VALUES (?, ?, ?, 1, 1, 1,"
                             " 1700000000, 1700000000, ?)");
    name = fill_prepare(db, "INSERT INTO names VALUES (?, ?, ?, ?,"
                            " 1700000000)");

    for (i = 0; i < atoi(argv[3]); i++) {
        snprintf(user, sizeof(user), "BenchUser%013d", i);
        snprintf(email, sizeof(email), "user%d@bench.example", i);
        snprintf(alias, sizeof(alias), "owner%d", i);

        len = fill_seal(sealed, sizeof(sealed), &seal, app, user);

        sqlite3_bind_text(grant, 1, app, -1, SQLITE_STATIC);
        sqlite3_bind_text(grant, 2, user, -1, SQLITE_STATIC);
        sqlite3_bind_text(grant, 3, email, -1, SQLITE_STATIC);
        sqlite3_bind_blob(grant, 4, sealed, len, SQLITE_STATIC);
        fill_is(sqlite3_step(grant) == SQLITE_DONE, sqlite3_errmsg(db));
        sqlite3_reset(grant);

        fill_name(name, app, user, 1, user);
        fill_name(name, app, email, 2, user);
        fill_name(name, app, alias, 0, user);
    }

    sqlite3_finalize(grant);
    sqlite3_finalize(name);

    fill_is(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK,
            sqlite3_errmsg(db));

    return sqlite3_close(db);
}

/* The steps of SQLite, and what to do when one fails; in a thread. */

#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_sqlite_sql.h"
#include "zoom_seal.h"


typedef struct {
    int                          code;
    const char                  *what;
    const char                  *advice;
} ngx_http_zoom_sqlite_advice_t;


static const ngx_http_zoom_sqlite_advice_t  ngx_http_zoom_sqlite_advices[] = {

    { SQLITE_FULL, "has no room on its disk",
      "make room there; nothing is lost meanwhile, writes are tried again" },

    { SQLITE_READONLY, "is read-only",
      "let the user of the workers write to it and to its directory" },

    { SQLITE_BUSY, "is locked by another process",
      "end what holds it: a shell of sqlite3, a backup by copying" },

    { SQLITE_LOCKED, "is locked by another process",
      "end what holds it: a shell of sqlite3, a backup by copying" },

    { SQLITE_CORRUPT, "is damaged",
      "stop nginx and restore it from a backup; nothing has been overwritten" },

    { SQLITE_NOTADB, "is no database",
      "let \"zoom_store\" name another file, or restore it from a backup; "
      "nothing has been overwritten" },

    { SQLITE_CANTOPEN, "can't be opened",
      "see that its directory is there, and that it and the file belong to "
      "the user of the workers" },

    { SQLITE_PERM, "can't be opened",
      "let it belong to the user of the workers" },

    { SQLITE_IOERR, "can't be read or written",
      "see what the kernel says of that disk" },

    { SQLITE_NOMEM, "finds no memory", NULL }
};


void
ngx_http_zoom_sqlite_failed(ngx_http_zoom_sqlite_t *sqlite)
{
    int                                   code, err;
    u_char                               *p, *last;
    ngx_uint_t                            i;
    const char                           *what;
    const ngx_http_zoom_sqlite_advice_t  *row;

    code = sqlite->db ? sqlite3_errcode(sqlite->db) : SQLITE_NOMEM;
    err = sqlite->db ? sqlite3_system_errno(sqlite->db) : 0;
    what = "failed";

    sqlite->advice = NULL;

    for (i = 0; i < sizeof(ngx_http_zoom_sqlite_advices)
                    / sizeof(ngx_http_zoom_sqlite_advices[0]); i++)
    {
        row = &ngx_http_zoom_sqlite_advices[i];

        if (row->code == (code & 0xff)) {
            what = row->what;
            sqlite->advice = row->advice;
        }
    }

    /* its message may quote what is in the database; its names do not */

    last = sqlite->reason + sizeof(sqlite->reason) - 1;

    p = ngx_slprintf(sqlite->reason, last, "%s (SQLite: %s, %d", what,
                     sqlite3_errstr(code), code);

    if (err) {
        p = ngx_slprintf(p, last, ", errno %d", err);
    }

    *ngx_slprintf(p, last, ")") = '\0';
}


void
ngx_http_zoom_sqlite_errno(ngx_http_zoom_sqlite_t *sqlite, const char *what,
    ngx_err_t err)
{
    u_char  *p, *last;

    last = sqlite->reason + sizeof(sqlite->reason) - 1;

    p = ngx_slprintf(sqlite->reason, last, "%s (%d: ", what, err);
    p = ngx_strerror(err, p, last - p);
    *ngx_slprintf(p, last, ")") = '\0';

    sqlite->advice = "see that its directory is there, belongs to the user of "
                     "the workers and has room";
}


void
ngx_http_zoom_sqlite_say(ngx_http_zoom_sqlite_t *sqlite, const char *what,
    const char *advice)
{
    ngx_cpystrn(sqlite->reason, (u_char *) what, sizeof(sqlite->reason));
    sqlite->advice = advice;
}


ngx_int_t
ngx_http_zoom_sqlite_run(ngx_http_zoom_sqlite_t *sqlite, const char *sql)
{
    if (sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return NGX_OK;
    }

    ngx_http_zoom_sqlite_failed(sqlite);

    return NGX_ERROR;
}


ngx_int_t
ngx_http_zoom_sqlite_number(ngx_http_zoom_sqlite_t *sqlite, const char *sql,
    int64_t *n)
{
    ngx_int_t      rc;
    sqlite3_stmt  *stmt;

    stmt = ngx_http_zoom_sqlite_prepare(sqlite, sql);
    if (stmt == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *n = sqlite3_column_int64(stmt, 0);

    } else {
        ngx_http_zoom_sqlite_failed(sqlite);
        rc = NGX_ERROR;
    }

    sqlite3_finalize(stmt);

    return rc;
}


sqlite3_stmt *
ngx_http_zoom_sqlite_prepare(ngx_http_zoom_sqlite_t *sqlite, const char *sql)
{
    sqlite3_stmt  *stmt;

    if (sqlite3_prepare_v2(sqlite->db, sql, -1, &stmt, NULL) == SQLITE_OK) {
        return stmt;
    }

    ngx_http_zoom_sqlite_failed(sqlite);

    return NULL;
}


ngx_int_t
ngx_http_zoom_sqlite_seal(ngx_http_zoom_sqlite_t *sqlite, zoom_buf_t *b,
    zoom_str_t name, zoom_str_t plain)
{
    u_char  nonce[ZOOM_SEAL_NONCE_LEN];

    if (RAND_bytes(nonce, sizeof(nonce)) == 1
        && zoom_seal(b, sqlite->seal, nonce, name, plain) == 0)
    {
        return NGX_OK;
    }

    ngx_http_zoom_sqlite_say(sqlite, "could not be written: OpenSSL failed",
                             NULL);

    return NGX_ERROR;
}


zoom_str_t
ngx_http_zoom_sqlite_sealed_as(const u_char *app, const u_char *user,
    u_char *buf)
{
    zoom_buf_t  b;
    zoom_str_t  name;

    zoom_buf_init(&b, buf, NGX_HTTP_ZOOM_SQLITE_NAME);

    zoom_buf_add(&b, "grant", sizeof("grant"));
    zoom_buf_add(&b, app, ngx_strlen(app) + 1);
    zoom_buf_c(&b, (const char *) user);

    name.data = b.data;
    name.len = b.len;

    return name;
}

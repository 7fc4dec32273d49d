/*
 * What was sealed with an older key is sealed with the first one; in a thread.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <sqlite3.h>

#include "ngx_http_zoom_sqlite.h"
#include "ngx_http_zoom_sqlite_sql.h"
#include "zoom_grant.h"
#include "zoom_seal.h"
#include "zoom_string.h"


static ngx_int_t ngx_http_zoom_sqlite_reseal_page(
    ngx_http_zoom_sqlite_t *sqlite, ngx_http_zoom_grant_query_t *q,
    sqlite3_stmt *from, sqlite3_stmt *to);
static ngx_int_t ngx_http_zoom_sqlite_reseal_row(
    ngx_http_zoom_sqlite_t *sqlite, ngx_http_zoom_grant_query_t *q,
    zoom_str_t sealed, sqlite3_stmt *to);
static ngx_int_t ngx_http_zoom_sqlite_reseal_write(
    ngx_http_zoom_sqlite_t *sqlite, const ngx_http_zoom_grant_query_t *q,
    const zoom_buf_t *sealed, sqlite3_stmt *to);


ngx_int_t
ngx_http_zoom_sqlite_reseal(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t      rc;
    sqlite3_stmt  *from, *to;

    from = ngx_http_zoom_sqlite_prepare(sqlite, "SELECT app, user, token"
                                        " FROM grants"
                                        " WHERE (app, user) > (?, ?)"
                                        " ORDER BY app, user LIMIT ?");
    to = ngx_http_zoom_sqlite_prepare(sqlite, "UPDATE grants SET token = ?"
                                      " WHERE app = ? AND user = ?");
    rc = NGX_ERROR;

    if (from && to) {

        if (sqlite3_bind_text(from, 1, (char *) q->app, -1, SQLITE_TRANSIENT)
            == SQLITE_OK
            && sqlite3_bind_text(from, 2, (char *) q->user, -1,
                                 SQLITE_TRANSIENT) == SQLITE_OK
            && sqlite3_bind_int(from, 3, NGX_HTTP_ZOOM_ROWS_MAX) == SQLITE_OK)
        {
            rc = ngx_http_zoom_sqlite_reseal_page(sqlite, q, from, to);

        } else {
            ngx_http_zoom_sqlite_failed(sqlite);
        }
    }

    sqlite3_finalize(from);
    sqlite3_finalize(to);

    return rc;
}


static ngx_int_t
ngx_http_zoom_sqlite_reseal_page(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, sqlite3_stmt *from, sqlite3_stmt *to)
{
    int         rc;
    ngx_uint_t  n;
    zoom_str_t  sealed;

    for (n = 0; /* void */ ; n++) {
        rc = sqlite3_step(from);

        if (rc != SQLITE_ROW) {
            break;
        }

        ngx_cpystrn(q->app, (u_char *) sqlite3_column_text(from, 0),
                    sizeof(q->app));
        ngx_cpystrn(q->user, (u_char *) sqlite3_column_text(from, 1),
                    sizeof(q->user));

        sealed.data = sqlite3_column_blob(from, 2);
        sealed.len = sqlite3_column_bytes(from, 2);

        if (ngx_http_zoom_sqlite_reseal_row(sqlite, q, sealed, to) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (rc != SQLITE_DONE) {
        ngx_http_zoom_sqlite_failed(sqlite);
        return NGX_ERROR;
    }

    q->more = (n == NGX_HTTP_ZOOM_ROWS_MAX);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_reseal_row(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, zoom_str_t sealed, sqlite3_stmt *to)
{
    int         key;
    ngx_int_t   rc;
    zoom_buf_t  plain, b;
    zoom_str_t  name, token;
    u_char      under[NGX_HTTP_ZOOM_SQLITE_NAME];
    u_char      anew[ZOOM_REFRESH_TOKEN_MAX + ZOOM_SEAL_EXTRA];

    name = ngx_http_zoom_sqlite_sealed_as(q->app, q->user, under);

    zoom_buf_init(&plain, q->token, sizeof(q->token));

    key = zoom_open(&plain, sqlite->seal, name, sealed);

    if (key <= 0) {
        q->lost += (key < 0);
        ngx_explicit_memzero(q->token, sizeof(q->token));
        return NGX_OK;
    }

    token.data = plain.data;
    token.len = plain.len;

    zoom_buf_init(&b, anew, sizeof(anew));

    rc = ngx_http_zoom_sqlite_seal(sqlite, &b, name, token);

    ngx_explicit_memzero(q->token, sizeof(q->token));

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_sqlite_reseal_write(sqlite, q, &b, to);
    }

    q->resealed += (rc == NGX_OK);

    return rc;
}


static ngx_int_t
ngx_http_zoom_sqlite_reseal_write(ngx_http_zoom_sqlite_t *sqlite,
    const ngx_http_zoom_grant_query_t *q, const zoom_buf_t *sealed,
    sqlite3_stmt *to)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (sqlite3_bind_blob(to, 1, sealed->data, sealed->len, SQLITE_STATIC)
        != SQLITE_OK
        || sqlite3_bind_text(to, 2, (char *) q->app, -1, SQLITE_STATIC)
           != SQLITE_OK
        || sqlite3_bind_text(to, 3, (char *) q->user, -1, SQLITE_STATIC)
           != SQLITE_OK
        || sqlite3_step(to) != SQLITE_DONE)
    {
        ngx_http_zoom_sqlite_failed(sqlite);
        rc = NGX_ERROR;
    }

    (void) sqlite3_reset(to);
    (void) sqlite3_clear_bindings(to);

    return rc;
}

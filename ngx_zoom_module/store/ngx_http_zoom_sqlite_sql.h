/* The steps of SQLite, for the files that take them; in a thread. */

#ifndef _NGX_HTTP_ZOOM_SQLITE_SQL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SQLITE_SQL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <sqlite3.h>

#include "ngx_http_zoom_sqlite.h"
#include "zoom_string.h"


/* All that fails leaves its reason in sqlite->reason. */

ngx_int_t ngx_http_zoom_sqlite_run(ngx_http_zoom_sqlite_t *sqlite,
    const char *sql);
ngx_int_t ngx_http_zoom_sqlite_number(ngx_http_zoom_sqlite_t *sqlite,
    const char *sql, int64_t *n);

/* NULL: it failed; else the caller finalizes it. */
sqlite3_stmt *ngx_http_zoom_sqlite_prepare(ngx_http_zoom_sqlite_t *sqlite,
    const char *sql);

/* Appends "plain", sealed under a name. */
ngx_int_t ngx_http_zoom_sqlite_seal(ngx_http_zoom_sqlite_t *sqlite,
    zoom_buf_t *b, zoom_str_t name, zoom_str_t plain);

/*
 * "grant", app and user with zeros between: what a token is sealed under;
 * "buf" has NGX_HTTP_ZOOM_SQLITE_NAME bytes.
 */

#define NGX_HTTP_ZOOM_SQLITE_NAME                                             \
    (sizeof("grant") + NGX_HTTP_ZOOM_APP_MAX + 1 + ZOOM_USER_ID_MAX)

zoom_str_t ngx_http_zoom_sqlite_sealed_as(const u_char *app,
    const u_char *user, u_char *buf);

/* One of the queries: NGX_HTTP_ZOOM_GRANT_RESEAL. */
ngx_int_t ngx_http_zoom_sqlite_reseal(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);

/* Takes the reason from SQLite, from errno, or from us. */
void ngx_http_zoom_sqlite_failed(ngx_http_zoom_sqlite_t *sqlite);
void ngx_http_zoom_sqlite_errno(ngx_http_zoom_sqlite_t *sqlite,
    const char *what, ngx_err_t err);
void ngx_http_zoom_sqlite_say(ngx_http_zoom_sqlite_t *sqlite,
    const char *what, const char *advice);


#endif /* _NGX_HTTP_ZOOM_SQLITE_SQL_H_INCLUDED_ */

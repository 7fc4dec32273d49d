/*
 * Queries of grants; in a thread.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <sqlite3.h>

#include "ngx_http_zoom_sqlite.h"
#include "ngx_http_zoom_sqlite_sql.h"


#define NGX_HTTP_ZOOM_KIND_ALIAS  0
#define NGX_HTTP_ZOOM_KIND_ID     1
#define NGX_HTTP_ZOOM_KIND_EMAIL  2


typedef struct {
    ngx_http_zoom_sqlite_t       *sqlite;
    ngx_http_zoom_grant_query_t  *q;
    sqlite3_stmt                 *stmt;
    ngx_uint_t                    failed;
} ngx_http_zoom_sqlite_step_t;


static void ngx_http_zoom_sqlite_one(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_find(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_read(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_unseal(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, zoom_str_t sealed);
static ngx_int_t ngx_http_zoom_sqlite_list(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_row(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, ngx_http_zoom_grant_row_t *row);
static ngx_int_t ngx_http_zoom_sqlite_names(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, ngx_http_zoom_grant_row_t *row);
static ngx_int_t ngx_http_zoom_sqlite_put(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_call(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, const u_char *name, int kind);
static ngx_int_t ngx_http_zoom_sqlite_rotate(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_end(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_known(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_forget(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);
static ngx_int_t ngx_http_zoom_sqlite_nothing(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);

static ngx_int_t ngx_http_zoom_sqlite_start(ngx_http_zoom_sqlite_step_t *s,
    const char *sql);
static void ngx_http_zoom_sqlite_text(ngx_http_zoom_sqlite_step_t *s,
    const char *name, const u_char *text);
static void ngx_http_zoom_sqlite_int(ngx_http_zoom_sqlite_step_t *s,
    const char *name, int64_t n);
static void ngx_http_zoom_sqlite_token(ngx_http_zoom_sqlite_step_t *s,
    u_char *buf, size_t size);
static ngx_int_t ngx_http_zoom_sqlite_next(ngx_http_zoom_sqlite_step_t *s);
static ngx_int_t ngx_http_zoom_sqlite_do(ngx_http_zoom_sqlite_step_t *s);
static void ngx_http_zoom_sqlite_copy(u_char *to, sqlite3_stmt *stmt,
    int column, size_t size);


typedef ngx_int_t (*ngx_http_zoom_sqlite_pt)(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q);

static const ngx_http_zoom_sqlite_pt  ngx_http_zoom_sqlite_queries[] = {
    ngx_http_zoom_sqlite_find,
    ngx_http_zoom_sqlite_read,
    ngx_http_zoom_sqlite_list,
    ngx_http_zoom_sqlite_put,
    ngx_http_zoom_sqlite_rotate,
    ngx_http_zoom_sqlite_end,
    ngx_http_zoom_sqlite_forget,
    ngx_http_zoom_sqlite_reseal,
    ngx_http_zoom_sqlite_nothing,
    ngx_http_zoom_sqlite_nothing
};


void
ngx_http_zoom_sqlite_query(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t **queries, ngx_uint_t n)
{
    ngx_int_t   rc;
    ngx_uint_t  i, writes;

    writes = 0;

    for (i = 0; i < n; i++) {
        writes |= !ngx_http_zoom_grant_reads(queries[i]);
    }

    rc = ngx_http_zoom_sqlite_run(sqlite, writes ? "BEGIN IMMEDIATE"
                                                 : "BEGIN");
    if (rc == NGX_OK) {

        for (i = 0; i < n; i++) {
            ngx_http_zoom_sqlite_one(sqlite, queries[i]);
        }

        rc = ngx_http_zoom_sqlite_run(sqlite, "COMMIT");
    }

    if (rc != NGX_OK) {

        for (i = 0; i < n; i++) {
            queries[i]->rc = NGX_ERROR;
        }

        if (!sqlite3_get_autocommit(sqlite->db)) {
            (void) sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
        }

        return;
    }

    if (writes) {
        ngx_http_zoom_sqlite_count(sqlite);
    }
}


/* One that fails half way takes back what it has done, and nothing else. */

static void
ngx_http_zoom_sqlite_one(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    q->rc = ngx_http_zoom_sqlite_run(sqlite, "SAVEPOINT one");

    if (q->rc != NGX_OK) {
        return;
    }

    q->rc = ngx_http_zoom_sqlite_queries[q->what](sqlite, q);

    /* with a full disk SQLite may have rolled back all of it */

    if (q->rc == NGX_ERROR) {
        (void) sqlite3_exec(sqlite->db, "ROLLBACK TO one", NULL, NULL, NULL);
    }

    (void) sqlite3_exec(sqlite->db, "RELEASE one", NULL, NULL, NULL);
}


static ngx_int_t
ngx_http_zoom_sqlite_find(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    rc = ngx_http_zoom_sqlite_start(&s, "SELECT user FROM names"
                                    " WHERE app = :app AND name = :name"
                                    " ORDER BY kind DESC LIMIT 1");
    if (rc != NGX_OK) {
        return rc;
    }

    /* what Zoom vouches for goes before what an operator calls somebody */

    ngx_http_zoom_sqlite_text(&s, ":name", q->name);

    rc = ngx_http_zoom_sqlite_next(&s);

    if (rc == NGX_OK) {
        ngx_http_zoom_sqlite_copy(q->user, s.stmt, 0, sizeof(q->user));
    }

    sqlite3_finalize(s.stmt);

    return rc;
}


static ngx_int_t
ngx_http_zoom_sqlite_read(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    zoom_str_t                   sealed;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    if (q->prove
        && ngx_http_zoom_sqlite_run(sqlite, "INSERT OR REPLACE INTO meta"
                                    " VALUES ('written', randomblob(16))")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_zoom_sqlite_start(&s, "SELECT state, consent, version, token"
                                    " FROM grants"
                                    " WHERE app = :app AND user = :user");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    rc = ngx_http_zoom_sqlite_next(&s);

    if (rc == NGX_OK) {
        q->state = sqlite3_column_int(s.stmt, 0)
                   ? ZOOM_GRANT_EXPIRED : ZOOM_GRANT_ACTIVE;
        q->consent = sqlite3_column_int64(s.stmt, 1);
        q->version = sqlite3_column_int64(s.stmt, 2);

        sealed.data = sqlite3_column_blob(s.stmt, 3);
        sealed.len = sqlite3_column_bytes(s.stmt, 3);

        rc = ngx_http_zoom_sqlite_unseal(sqlite, q, sealed);
    }

    sqlite3_finalize(s.stmt);

    return rc;
}


static ngx_int_t
ngx_http_zoom_sqlite_unseal(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, zoom_str_t sealed)
{
    zoom_buf_t  b;
    u_char      name[NGX_HTTP_ZOOM_SQLITE_NAME];

    zoom_buf_init(&b, q->token, sizeof(q->token));

    if (zoom_open(&b, sqlite->seal, ngx_http_zoom_sqlite_sealed_as(q->app,
                                                          q->user, name),
                  sealed)
        < 0)
    {
        ngx_http_zoom_sqlite_say(sqlite, "has a grant that none of the keys "
                                 "opens", "give \"zoom_store\" the key that "
                                 "it was sealed with as a second \"key=\", or "
                                 "let the user connect again");
        return NGX_ERROR;
    }

    q->len = b.len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_list(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    q->rows = calloc(NGX_HTTP_ZOOM_ROWS_MAX,
                     sizeof(ngx_http_zoom_grant_row_t));
    if (q->rows == NULL) {
        ngx_http_zoom_sqlite_say(sqlite, "finds no memory", NULL);
        return NGX_ERROR;
    }

    rc = ngx_http_zoom_sqlite_start(&s, "SELECT user, email, state, connected,"
                                    " refreshed FROM grants"
                                    " WHERE app = :app AND user > :user"
                                    " ORDER BY user");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    for ( ;; ) {
        rc = ngx_http_zoom_sqlite_next(&s);

        if (rc != NGX_OK) {
            break;
        }

        if (q->nrows == NGX_HTTP_ZOOM_ROWS_MAX) {
            q->more = 1;
            rc = NGX_DECLINED;
            break;
        }

        ngx_http_zoom_sqlite_copy(q->rows[q->nrows].user, s.stmt, 0,
                                  ZOOM_USER_ID_MAX + 1);
        ngx_http_zoom_sqlite_copy(q->rows[q->nrows].email, s.stmt, 1,
                                  ZOOM_USER_MAX + 1);
        q->rows[q->nrows].state = sqlite3_column_int(s.stmt, 2)
                                  ? ZOOM_GRANT_EXPIRED
                                  : ZOOM_GRANT_ACTIVE;
        q->rows[q->nrows].connected = sqlite3_column_int64(s.stmt, 3);
        q->rows[q->nrows].refreshed = sqlite3_column_int64(s.stmt, 4);
        q->nrows++;
    }

    sqlite3_finalize(s.stmt);

    for (i = 0; i < q->nrows && rc == NGX_DECLINED; i++) {
        if (ngx_http_zoom_sqlite_names(sqlite, q, &q->rows[i]) != NGX_OK) {
            rc = NGX_ERROR;
        }
    }

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


/* The operator's names for a grant. */

static ngx_int_t
ngx_http_zoom_sqlite_names(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, ngx_http_zoom_grant_row_t *row)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    rc = ngx_http_zoom_sqlite_start(&s, "SELECT name FROM names"
                                    " WHERE app = :app AND user = :user"
                                    " AND kind = 0 ORDER BY name");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", row->user);

    while (row->nnames < NGX_HTTP_ZOOM_NAMES_MAX) {
        rc = ngx_http_zoom_sqlite_next(&s);

        if (rc != NGX_OK) {
            break;
        }

        ngx_http_zoom_sqlite_copy(row->names[row->nnames], s.stmt, 0,
                                  ZOOM_USER_MAX + 1);
        row->nnames++;
    }

    sqlite3_finalize(s.stmt);

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_put(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };
    u_char                       sealed[ZOOM_REFRESH_TOKEN_MAX
                                        + ZOOM_SEAL_EXTRA];

    rc = ngx_http_zoom_sqlite_start(&s,
                "INSERT INTO grants VALUES (:app, :user, :email, 0, random(),"
                " 1, :now, :now, :token)"
                " ON CONFLICT (app, user) DO UPDATE SET email = :email,"
                " state = 0, consent = random(), version = version + 1,"
                " connected = :now, refreshed = :now, token = :token");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);
    ngx_http_zoom_sqlite_text(&s, ":email", q->email);
    ngx_http_zoom_sqlite_int(&s, ":now", q->now);
    ngx_http_zoom_sqlite_token(&s, sealed, sizeof(sealed));

    if (ngx_http_zoom_sqlite_do(&s) == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* an e-mail may have changed since */

    s.failed = 0;
    rc = ngx_http_zoom_sqlite_start(&s, "DELETE FROM names WHERE app = :app"
                                    " AND user = :user AND kind = 2");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    if (ngx_http_zoom_sqlite_do(&s) == NGX_ERROR
        || ngx_http_zoom_sqlite_call(sqlite, q, q->user,
                                     NGX_HTTP_ZOOM_KIND_ID) != NGX_OK
        || ngx_http_zoom_sqlite_call(sqlite, q, q->email,
                                     NGX_HTTP_ZOOM_KIND_EMAIL) != NGX_OK
        || ngx_http_zoom_sqlite_call(sqlite, q, q->alias,
                                     NGX_HTTP_ZOOM_KIND_ALIAS) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the youngest aliases stay */

    s.failed = 0;
    rc = ngx_http_zoom_sqlite_start(&s,
                "DELETE FROM names WHERE app = :app AND user = :user"
                " AND kind = 0 AND name NOT IN (SELECT name FROM names"
                " WHERE app = :app AND user = :user AND kind = 0"
                " ORDER BY since DESC LIMIT :most)");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);
    ngx_http_zoom_sqlite_int(&s, ":most", NGX_HTTP_ZOOM_NAMES_MAX);

    return (ngx_http_zoom_sqlite_do(&s) == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


/* The user is called so from now on, and nobody else. */

static ngx_int_t
ngx_http_zoom_sqlite_call(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, const u_char *name, int kind)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    if (name[0] == '\0') {
        return NGX_OK;
    }

    rc = ngx_http_zoom_sqlite_start(&s, "INSERT OR REPLACE INTO names"
                                    " VALUES (:app, :name, :kind, :user,"
                                    " :now)");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":name", name);
    ngx_http_zoom_sqlite_int(&s, ":kind", kind);
    ngx_http_zoom_sqlite_text(&s, ":user", q->user);
    ngx_http_zoom_sqlite_int(&s, ":now", q->now);

    return (ngx_http_zoom_sqlite_do(&s) == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_rotate(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };
    u_char                       sealed[ZOOM_REFRESH_TOKEN_MAX
                                        + ZOOM_SEAL_EXTRA];

    rc = ngx_http_zoom_sqlite_start(&s,
                "UPDATE grants SET token = :token, version = version + 1,"
                " refreshed = :now, state = 0 WHERE app = :app"
                " AND user = :user AND consent = :consent");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);
    ngx_http_zoom_sqlite_int(&s, ":consent", q->consent);
    ngx_http_zoom_sqlite_int(&s, ":now", q->now);
    ngx_http_zoom_sqlite_token(&s, sealed, sizeof(sealed));

    return ngx_http_zoom_sqlite_do(&s);
}


static ngx_int_t
ngx_http_zoom_sqlite_end(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    rc = ngx_http_zoom_sqlite_start(&s, "UPDATE grants SET state = 1"
                                    " WHERE app = :app AND user = :user"
                                    " AND (:version = 0 OR"
                                    " (consent = :consent"
                                    " AND version = :version))");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);
    ngx_http_zoom_sqlite_int(&s, ":consent", q->consent);
    ngx_http_zoom_sqlite_int(&s, ":version", q->version);

    rc = ngx_http_zoom_sqlite_do(&s);

    return (rc == NGX_OK) ? ngx_http_zoom_sqlite_known(sqlite, q) : rc;
}


/* Under which names it was known, for those who have to forget it. */

static ngx_int_t
ngx_http_zoom_sqlite_known(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    q->rows = calloc(1, sizeof(ngx_http_zoom_grant_row_t));
    if (q->rows == NULL) {
        ngx_http_zoom_sqlite_say(sqlite, "finds no memory", NULL);
        return NGX_ERROR;
    }

    q->nrows = 1;

    ngx_memcpy(q->rows->user, q->user, sizeof(q->user));

    return ngx_http_zoom_sqlite_row(sqlite, q, q->rows);
}


static ngx_int_t
ngx_http_zoom_sqlite_forget(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    rc = ngx_http_zoom_sqlite_known(sqlite, q);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_zoom_sqlite_start(&s, "DELETE FROM names WHERE app = :app"
                                    " AND user = :user");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    if (ngx_http_zoom_sqlite_do(&s) == NGX_ERROR) {
        return NGX_ERROR;
    }

    s.failed = 0;
    rc = ngx_http_zoom_sqlite_start(&s, "DELETE FROM grants WHERE app = :app"
                                    " AND user = :user");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    return ngx_http_zoom_sqlite_do(&s);
}


/* One host has no leases, and its counts are read with each write. */

static ngx_int_t
ngx_http_zoom_sqlite_nothing(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q)
{
    return NGX_OK;
}


/* The names under which a user's grant was known. */

static ngx_int_t
ngx_http_zoom_sqlite_row(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t *q, ngx_http_zoom_grant_row_t *row)
{
    ngx_int_t                    rc;
    ngx_http_zoom_sqlite_step_t  s = { sqlite, q, NULL, 0 };

    rc = ngx_http_zoom_sqlite_start(&s, "SELECT email FROM grants"
                                    " WHERE app = :app AND user = :user");
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_sqlite_text(&s, ":user", q->user);

    rc = ngx_http_zoom_sqlite_next(&s);

    if (rc == NGX_OK) {
        ngx_http_zoom_sqlite_copy(row->email, s.stmt, 0, sizeof(row->email));
    }

    sqlite3_finalize(s.stmt);

    return (rc == NGX_OK) ? ngx_http_zoom_sqlite_names(sqlite, q, row) : rc;
}


void
ngx_http_zoom_sqlite_count(ngx_http_zoom_sqlite_t *sqlite)
{
    int                           rc;
    sqlite3_stmt                 *stmt;
    ngx_http_zoom_grant_count_t  *count;

    stmt = ngx_http_zoom_sqlite_prepare(sqlite,
                                        "SELECT app, state, n FROM counts");
    sqlite->ncounts = 0;

    if (stmt == NULL) {
        return;
    }

    while (sqlite->ncounts < NGX_HTTP_ZOOM_COUNTS_MAX) {
        rc = sqlite3_step(stmt);

        if (rc != SQLITE_ROW) {

            if (rc != SQLITE_DONE) {
                ngx_http_zoom_sqlite_failed(sqlite);
            }

            break;
        }

        count = &sqlite->counts[sqlite->ncounts++];

        ngx_http_zoom_sqlite_copy(count->app, stmt, 0, sizeof(count->app));
        count->state = sqlite3_column_int(stmt, 1);
        count->n = sqlite3_column_int64(stmt, 2);
    }

    sqlite3_finalize(stmt);
}


/* All statements are about an app, and most about a user of it. */

static ngx_int_t
ngx_http_zoom_sqlite_start(ngx_http_zoom_sqlite_step_t *s, const char *sql)
{
    s->stmt = ngx_http_zoom_sqlite_prepare(s->sqlite, sql);

    if (s->stmt == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_sqlite_text(s, ":app", s->q->app);

    return NGX_OK;
}


static void
ngx_http_zoom_sqlite_text(ngx_http_zoom_sqlite_step_t *s, const char *name,
    const u_char *text)
{
    int  i;

    i = sqlite3_bind_parameter_index(s->stmt, name);

    if (sqlite3_bind_text(s->stmt, i, (const char *) text, -1, SQLITE_STATIC)
        != SQLITE_OK)
    {
        ngx_http_zoom_sqlite_failed(s->sqlite);
        s->failed = 1;
    }
}


static void
ngx_http_zoom_sqlite_int(ngx_http_zoom_sqlite_step_t *s, const char *name,
    int64_t n)
{
    int  i;

    i = sqlite3_bind_parameter_index(s->stmt, name);

    if (sqlite3_bind_int64(s->stmt, i, n) != SQLITE_OK) {
        ngx_http_zoom_sqlite_failed(s->sqlite);
        s->failed = 1;
    }
}


/* The query's token, sealed into "buf", which has to stay. */

static void
ngx_http_zoom_sqlite_token(ngx_http_zoom_sqlite_step_t *s, u_char *buf,
    size_t size)
{
    int         i;
    zoom_buf_t  b;
    zoom_str_t  plain;
    u_char      name[NGX_HTTP_ZOOM_SQLITE_NAME];

    plain.data = s->q->token;
    plain.len = s->q->len;

    zoom_buf_init(&b, buf, size);

    if (ngx_http_zoom_sqlite_seal(s->sqlite, &b,
                                  ngx_http_zoom_sqlite_sealed_as(s->q->app,
                                                                 s->q->user,
                                                                 name),
                                  plain)
        != NGX_OK)
    {
        s->failed = 1;
        return;
    }

    i = sqlite3_bind_parameter_index(s->stmt, ":token");

    if (sqlite3_bind_blob(s->stmt, i, b.data, b.len, SQLITE_STATIC)
        != SQLITE_OK)
    {
        ngx_http_zoom_sqlite_failed(s->sqlite);
        s->failed = 1;
    }
}


/* NGX_OK: a row, NGX_DECLINED: no more. */

static ngx_int_t
ngx_http_zoom_sqlite_next(ngx_http_zoom_sqlite_step_t *s)
{
    if (s->failed) {
        return NGX_ERROR;
    }

    switch (sqlite3_step(s->stmt)) {

    case SQLITE_ROW:
        return NGX_OK;

    case SQLITE_DONE:
        return NGX_DECLINED;

    default:
        ngx_http_zoom_sqlite_failed(s->sqlite);
        return NGX_ERROR;
    }
}


/* NGX_OK: some rows were changed, NGX_DECLINED: none. */

static ngx_int_t
ngx_http_zoom_sqlite_do(ngx_http_zoom_sqlite_step_t *s)
{
    ngx_int_t  rc;

    rc = ngx_http_zoom_sqlite_next(s);

    sqlite3_finalize(s->stmt);
    s->stmt = NULL;

    if (rc == NGX_DECLINED && sqlite3_changes(s->sqlite->db)) {
        return NGX_OK;
    }

    return rc;
}


static void
ngx_http_zoom_sqlite_copy(u_char *to, sqlite3_stmt *stmt, int column,
    size_t size)
{
    const u_char  *text;

    text = sqlite3_column_text(stmt, column);

    ngx_cpystrn(to, text ? (u_char *) text : (u_char *) "", size);
}

/* A database of grants is opened, made, or brought up to date. */

#include <ngx_config.h>
#include <ngx_core.h>

#include <sqlite3.h>

#include "ngx_http_zoom_sqlite.h"
#include "ngx_http_zoom_sqlite_sql.h"


/* "Zoom", in the header of the file; what file(1) and others see */

#define NGX_HTTP_ZOOM_SQLITE_ID       0x5a6f6f6d
#define NGX_HTTP_ZOOM_SQLITE_VERSION  1

#define NGX_HTTP_ZOOM_SQLITE_WAIT     5000       /* for others, milliseconds */
#define NGX_HTTP_ZOOM_SQLITE_CHECK    "ngx_http_zoom_module"


static ngx_int_t ngx_http_zoom_sqlite_file(ngx_http_zoom_sqlite_t *sqlite);
static ngx_int_t ngx_http_zoom_sqlite_ready(ngx_http_zoom_sqlite_t *sqlite);
static ngx_int_t ngx_http_zoom_sqlite_settings(
    ngx_http_zoom_sqlite_t *sqlite);
static ngx_int_t ngx_http_zoom_sqlite_ours(ngx_http_zoom_sqlite_t *sqlite,
    int64_t *version);
static ngx_int_t ngx_http_zoom_sqlite_migrate(ngx_http_zoom_sqlite_t *sqlite);
static ngx_int_t ngx_http_zoom_sqlite_check(ngx_http_zoom_sqlite_t *sqlite);
static ngx_int_t ngx_http_zoom_sqlite_mark(ngx_http_zoom_sqlite_t *sqlite);


/* What makes each version of the one before it. */

static const char *const  ngx_http_zoom_sqlite_schema[] = {

    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, sealed BLOB NOT NULL)"
    " WITHOUT ROWID;"

    "CREATE TABLE grants (app TEXT NOT NULL, user TEXT NOT NULL,"
    " email TEXT NOT NULL, state INTEGER NOT NULL, consent INTEGER NOT NULL,"
    " version INTEGER NOT NULL, connected INTEGER NOT NULL,"
    " refreshed INTEGER NOT NULL, token BLOB NOT NULL,"
    " PRIMARY KEY (app, user)) WITHOUT ROWID;"

    /* of kind 0 the operator's aliases, 1 Zoom's user id, 2 the e-mail */

    "CREATE TABLE names (app TEXT NOT NULL, name TEXT NOT NULL,"
    " kind INTEGER NOT NULL, user TEXT NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (app, name, kind)) WITHOUT ROWID;"
    "CREATE INDEX names_user ON names (app, user, kind);"

    /* for the status page, which can't count 100,000 rows */

    "CREATE TABLE counts (app TEXT NOT NULL, state INTEGER NOT NULL,"
    " n INTEGER NOT NULL, PRIMARY KEY (app, state)) WITHOUT ROWID;"
    "CREATE TRIGGER grants_added AFTER INSERT ON grants BEGIN"
    " INSERT INTO counts VALUES (new.app, new.state, 1)"
    " ON CONFLICT (app, state) DO UPDATE SET n = n + 1; END;"
    "CREATE TRIGGER grants_gone AFTER DELETE ON grants BEGIN"
    " UPDATE counts SET n = n - 1"
    " WHERE app = old.app AND state = old.state; END;"
    "CREATE TRIGGER grants_changed AFTER UPDATE OF state ON grants"
    " WHEN new.state <> old.state BEGIN"
    " UPDATE counts SET n = n - 1"
    " WHERE app = old.app AND state = old.state;"
    " INSERT INTO counts VALUES (new.app, new.state, 1)"
    " ON CONFLICT (app, state) DO UPDATE SET n = n + 1; END;"
};


ngx_int_t
ngx_http_zoom_sqlite_open(ngx_http_zoom_sqlite_t *sqlite)
{
    int       rc, flags;
    sqlite3  *db;

    if (ngx_http_zoom_sqlite_file(sqlite) != NGX_OK) {
        return NGX_ERROR;
    }

    flags = SQLITE_OPEN_READWRITE|SQLITE_OPEN_NOMUTEX
            |SQLITE_OPEN_PRIVATECACHE;

    db = NULL;
    rc = sqlite3_open_v2(sqlite->path, &db, flags, NULL);

    sqlite->db = db;

    if (rc != SQLITE_OK) {
        ngx_http_zoom_sqlite_failed(sqlite);

    } else if (sqlite3_db_readonly(db, "main") == 1) {

        /* it is opened all the same, but a rotated token would be lost */

        ngx_http_zoom_sqlite_say(sqlite, "is read-only", "let the user of the "
                                 "workers write to it and to its directory");

    } else if (ngx_http_zoom_sqlite_ready(sqlite) == NGX_OK) {
        ngx_http_zoom_sqlite_count(sqlite);
        return NGX_OK;
    }

    ngx_http_zoom_sqlite_close(sqlite);

    return NGX_ERROR;
}


/*
 * SQLite would let the umask say who may read it.  A file that is there is not
 * opened here: closing it would drop the locks that SQLite has on it.
 */

static ngx_int_t
ngx_http_zoom_sqlite_file(ngx_http_zoom_sqlite_t *sqlite)
{
    int          fd;
    struct stat  sb;

    fd = open(sqlite->path, O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void) close(fd);
        return NGX_OK;
    }

    if (ngx_errno != NGX_EEXIST) {
        ngx_http_zoom_sqlite_errno(sqlite, "could not be made", ngx_errno);
        return NGX_ERROR;
    }

    if (lstat(sqlite->path, &sb) != 0 || !S_ISREG(sb.st_mode)) {
        ngx_http_zoom_sqlite_say(sqlite, "is no file", NULL);
        return NGX_ERROR;
    }

    if (sb.st_mode & (S_IRWXG|S_IRWXO)) {
        (void) chmod(sqlite->path, 0600);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_ready(ngx_http_zoom_sqlite_t *sqlite)
{
    int64_t  version;

    if (ngx_http_zoom_sqlite_ours(sqlite, &version) != NGX_OK
        || (version && ngx_http_zoom_sqlite_check(sqlite) != NGX_OK)
        || ngx_http_zoom_sqlite_settings(sqlite) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return (version < NGX_HTTP_ZOOM_SQLITE_VERSION)
           ? ngx_http_zoom_sqlite_migrate(sqlite) : NGX_OK;
}


/* Whether it may be touched at all. */

static ngx_int_t
ngx_http_zoom_sqlite_ours(ngx_http_zoom_sqlite_t *sqlite, int64_t *version)
{
    int64_t  id, tables;

    sqlite3_busy_timeout(sqlite->db, NGX_HTTP_ZOOM_SQLITE_WAIT);
    sqlite3_extended_result_codes(sqlite->db, 1);

    /* all at one time: another worker may be making it */

    if (ngx_http_zoom_sqlite_run(sqlite, "BEGIN") != NGX_OK
        || ngx_http_zoom_sqlite_number(sqlite, "PRAGMA application_id", &id)
           != NGX_OK
        || ngx_http_zoom_sqlite_number(sqlite, "PRAGMA user_version", version)
           != NGX_OK
        || ngx_http_zoom_sqlite_number(sqlite,
                                 "SELECT count(*) FROM sqlite_master", &tables)
           != NGX_OK
        || ngx_http_zoom_sqlite_run(sqlite, "COMMIT") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (id != NGX_HTTP_ZOOM_SQLITE_ID && (id || *version || tables)) {
        ngx_http_zoom_sqlite_say(sqlite, "is a database of another program",
                                 "let \"zoom_store\" name another file");
        return NGX_ERROR;
    }

    if (*version > NGX_HTTP_ZOOM_SQLITE_VERSION) {
        ngx_http_zoom_sqlite_say(sqlite, "was made by a newer version of the "
                                 "module", "install that version again, or "
                                 "let \"zoom_store\" name another file");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_settings(ngx_http_zoom_sqlite_t *sqlite)
{
    int         rc;
    ngx_uint_t  i;

    static const char  settings[] =
        "PRAGMA synchronous = FULL;"
        "PRAGMA secure_delete = ON;"
        "PRAGMA trusted_schema = OFF;"
        "PRAGMA cell_size_check = ON;"
        "PRAGMA cache_size = -512;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_size_limit = 4194304;";

    rc = SQLITE_BUSY;

    /* others that open it at once may lock it in turn, without waiting */

    for (i = 0; i < 100 && (rc & 0xff) == SQLITE_BUSY; i++) {
        rc = sqlite3_exec(sqlite->db, "PRAGMA journal_mode = WAL", NULL, NULL,
                          NULL);

        if ((rc & 0xff) == SQLITE_BUSY) {
            sqlite3_sleep(20);
        }
    }

    if (rc != SQLITE_OK
        || sqlite3_exec(sqlite->db, settings, NULL, NULL, NULL) != SQLITE_OK)
    {
        ngx_http_zoom_sqlite_failed(sqlite);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_migrate(ngx_http_zoom_sqlite_t *sqlite)
{
    int64_t  version;
    u_char   text[128];

    if (ngx_http_zoom_sqlite_run(sqlite, "BEGIN IMMEDIATE") != NGX_OK) {
        return NGX_ERROR;
    }

    /* another worker may have done it meanwhile */

    if (ngx_http_zoom_sqlite_number(sqlite, "PRAGMA user_version", &version)
        != NGX_OK)
    {
        goto failed;
    }

    while (version < NGX_HTTP_ZOOM_SQLITE_VERSION) {
        if (ngx_http_zoom_sqlite_run(sqlite,
                                     ngx_http_zoom_sqlite_schema[version])
            != NGX_OK)
        {
            goto failed;
        }

        version++;
    }

    *ngx_slprintf(text, text + sizeof(text) - 1,
                  "PRAGMA user_version = %d; PRAGMA application_id = %d",
                  NGX_HTTP_ZOOM_SQLITE_VERSION, NGX_HTTP_ZOOM_SQLITE_ID) = 0;

    if (ngx_http_zoom_sqlite_run(sqlite, (char *) text) != NGX_OK
        || ngx_http_zoom_sqlite_check(sqlite) != NGX_OK
        || ngx_http_zoom_sqlite_run(sqlite, "COMMIT") != NGX_OK)
    {
        goto failed;
    }

    return NGX_OK;

failed:

    (void) sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);

    return NGX_ERROR;
}


/* Is it our key that its records are sealed with? */

static ngx_int_t
ngx_http_zoom_sqlite_check(ngx_http_zoom_sqlite_t *sqlite)
{
    int             rc, opened;
    zoom_buf_t      b;
    zoom_str_t      sealed;
    sqlite3_stmt   *stmt;
    u_char          plain[128];

    stmt = ngx_http_zoom_sqlite_prepare(sqlite, "SELECT sealed FROM meta"
                                                " WHERE name = 'check'");
    if (stmt == NULL) {
        return NGX_ERROR;
    }

    rc = sqlite3_step(stmt);

    if (rc != SQLITE_ROW) {

        if (rc == SQLITE_DONE) {
            sqlite3_finalize(stmt);
            return ngx_http_zoom_sqlite_mark(sqlite);
        }

        ngx_http_zoom_sqlite_failed(sqlite);
        sqlite3_finalize(stmt);
        return NGX_ERROR;
    }

    sealed.data = sqlite3_column_blob(stmt, 0);
    sealed.len = sqlite3_column_bytes(stmt, 0);

    zoom_buf_init(&b, plain, sizeof(plain));

    opened = zoom_open(&b, sqlite->seal, zoom_str_c("check"), sealed);

    sqlite3_finalize(stmt);

    if (opened < 0) {
        ngx_http_zoom_sqlite_say(sqlite, "is sealed with another key",
                                 "give \"zoom_store\" the key that it was "
                                 "made with, also as a second \"key=\"; "
                                 "nothing has been changed");
        return NGX_ERROR;
    }

    return opened ? ngx_http_zoom_sqlite_mark(sqlite) : NGX_OK;
}


static ngx_int_t
ngx_http_zoom_sqlite_mark(ngx_http_zoom_sqlite_t *sqlite)
{
    ngx_int_t      rc;
    zoom_buf_t     b;
    sqlite3_stmt  *stmt;
    u_char         sealed[128];

    zoom_buf_init(&b, sealed, sizeof(sealed));

    if (ngx_http_zoom_sqlite_seal(sqlite, &b, zoom_str_c("check"),
                              zoom_str_c(NGX_HTTP_ZOOM_SQLITE_CHECK))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    stmt = ngx_http_zoom_sqlite_prepare(sqlite, "INSERT OR REPLACE INTO meta"
                                                " VALUES ('check', ?)");
    if (stmt == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (sqlite3_bind_blob(stmt, 1, b.data, b.len, SQLITE_STATIC) != SQLITE_OK
        || sqlite3_step(stmt) != SQLITE_DONE)
    {
        ngx_http_zoom_sqlite_failed(sqlite);
        rc = NGX_ERROR;
    }

    sqlite3_finalize(stmt);

    return rc;
}


void
ngx_http_zoom_sqlite_close(ngx_http_zoom_sqlite_t *sqlite)
{
    /* as many versions as there are, also one that failed to open */

    (void) sqlite3_close_v2(sqlite->db);
    sqlite->db = NULL;
}

/*
 * The grants of users in an SQLite database.
 *
 * Runs in a thread: no event, no pool and no log of nginx's here.  A database
 * is used by one thread at a time.
 *
 * Each refresh token is sealed, bound to its app and user.  Names (the
 * operator's aliases, Zoom's user ids, e-mails) stand as they are, since grants
 * are found by them.
 */

#ifndef _NGX_HTTP_ZOOM_SQLITE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SQLITE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_grant.h"
#include "zoom_seal.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_APP_MAX      512
#define NGX_HTTP_ZOOM_NAMES_MAX    16        /* aliases of a grant */
#define NGX_HTTP_ZOOM_ROWS_MAX     200       /* of a page of the list */
#define NGX_HTTP_ZOOM_COUNTS_MAX   64
#define NGX_HTTP_ZOOM_REASON_MAX   256


/* A grant as it is known to others: no token in it. */

typedef struct {
    u_char                       user[ZOOM_USER_ID_MAX + 1];
    u_char                       email[ZOOM_USER_MAX + 1];
    u_char                       names[NGX_HTTP_ZOOM_NAMES_MAX]
                                      [ZOOM_USER_MAX + 1];   /* aliases */
    ngx_uint_t                   nnames;
    zoom_grant_state_e  state;
    time_t                       connected;  /* seconds since the epoch */
    time_t                       refreshed;
} ngx_http_zoom_grant_row_t;


typedef enum {
    NGX_HTTP_ZOOM_GRANT_FIND = 0,    /* whose is a name? */
    NGX_HTTP_ZOOM_GRANT_READ,        /* the refresh token of a user */
    NGX_HTTP_ZOOM_GRANT_LIST,        /* a page of those after a user */
    NGX_HTTP_ZOOM_GRANT_PUT,         /* a user has connected */
    NGX_HTTP_ZOOM_GRANT_ROTATE,      /* Zoom gave another refresh token */
    NGX_HTTP_ZOOM_GRANT_END,         /* Zoom takes it no more */
    NGX_HTTP_ZOOM_GRANT_FORGET,
    NGX_HTTP_ZOOM_GRANT_RESEAL,      /* a page of those after a user, of all
                                        apps, under the first key */
    NGX_HTTP_ZOOM_GRANT_GIVE,        /* what READ has leased is not needed */
    NGX_HTTP_ZOOM_GRANT_COUNT        /* the grants of an app */
} ngx_http_zoom_grant_op_e;

/* Strings are zero-terminated. */

typedef struct {
    ngx_http_zoom_grant_op_e     what;
    u_char                       app[NGX_HTTP_ZOOM_APP_MAX + 1];
    u_char                       name[ZOOM_USER_MAX + 1];    /* FIND: folded */
    u_char                       user[ZOOM_USER_ID_MAX + 1]; /* or the result
                                                                of FIND */
    u_char                       email[ZOOM_USER_MAX + 1];   /* PUT: folded */
    u_char                       alias[ZOOM_USER_MAX + 1];   /* PUT: folded, or
                                                                empty */
    u_char                       token[ZOOM_REFRESH_TOKEN_MAX];
    size_t                       len;        /* of the token */
    time_t                       now;

    int64_t                      consent;    /* which of the user's; ROTATE:
                                                that and no other */
    int64_t                      version;    /* of its token; END: likewise, or
                                                0: whichever it is */
    zoom_grant_state_e  state;
    int64_t                      turn;       /* READ: of a lease; ROTATE: in
                                                it; 0: there is none */
    unsigned                     prove:1;    /* READ: fails unless the database
                                                can be written as well */
    unsigned                     lease:1;    /* READ: to refresh it, where
                                                hosts share the store */
    unsigned                     late:1;     /* ROTATE: another host has, in a
                                                later turn */

    ngx_http_zoom_grant_row_t   *rows;       /* LIST, END, FORGET: to be
                                                free()d */
    ngx_uint_t                   nrows;
    ngx_uint_t                   more;       /* than these; RESEAL: app and
                                                user are where it goes on */
    ngx_uint_t                   resealed;
    ngx_uint_t                   lost;       /* that no key opens */

    /*
     * NGX_OK, NGX_DECLINED: there is none such (or none any more), NGX_AGAIN:
     * another host has the lease, NGX_ERROR: the database failed, or what is
     * in it can't be opened.
     */

    ngx_int_t                    rc;
} ngx_http_zoom_grant_query_t;


/* Whether it only reads. */
#define ngx_http_zoom_grant_reads(q)                                          \
    ((q)->what <= NGX_HTTP_ZOOM_GRANT_LIST && !(q)->prove)


/* How many grants an app has in each state. */

typedef struct {
    u_char                       app[NGX_HTTP_ZOOM_APP_MAX + 1];
    ngx_uint_t                   state;
    uint64_t                     n;
} ngx_http_zoom_grant_count_t;


typedef struct {
    /* Set by the caller, and const. */

    const char                  *path;
    const zoom_seal_t           *seal;

    void                        *db;         /* NULL: not open */

    /* What went wrong last, in words; empty: nothing since it was cleared. */
    u_char                       reason[NGX_HTTP_ZOOM_REASON_MAX];
    const char                  *advice;

    ngx_http_zoom_grant_count_t  counts[NGX_HTTP_ZOOM_COUNTS_MAX];
    ngx_uint_t                   ncounts;
} ngx_http_zoom_sqlite_t;


/*
 * Opens it; makes it, for its owner alone, where there is none, and brings an
 * older schema up to date.  NGX_ERROR, and sqlite->reason: nothing has been
 * changed where the key, the schema or the file itself is not ours.
 */

ngx_int_t ngx_http_zoom_sqlite_open(ngx_http_zoom_sqlite_t *sqlite);
void ngx_http_zoom_sqlite_close(ngx_http_zoom_sqlite_t *sqlite);

/*
 * Answers "n" queries; what they change is durable when this returns, and all
 * in one transaction: if that fails none of them has been obeyed.  Reads the
 * counts again after a change.
 */

void ngx_http_zoom_sqlite_query(ngx_http_zoom_sqlite_t *sqlite,
    ngx_http_zoom_grant_query_t **queries, ngx_uint_t n);

void ngx_http_zoom_sqlite_count(ngx_http_zoom_sqlite_t *sqlite);


#endif /* _NGX_HTTP_ZOOM_SQLITE_H_INCLUDED_ */

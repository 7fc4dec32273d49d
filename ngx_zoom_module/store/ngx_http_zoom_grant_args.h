/*
 * What a script of grants is asked, one question at a time; and how parts of a
 * grant are sealed, each bound to its grant and to what it is.
 */

#ifndef _NGX_HTTP_ZOOM_GRANT_ARGS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANT_ARGS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_sqlite.h"
#include "zoom_seal.h"


#define NGX_HTTP_ZOOM_GRANT_DIGEST  32       /* hexadecimal digits */
#define NGX_HTTP_ZOOM_GRANT_APP     16       /* of these, in the index */
#define NGX_HTTP_ZOOM_GRANT_MEMBER  (NGX_HTTP_ZOOM_GRANT_APP + 1              \
                                     + NGX_HTTP_ZOOM_GRANT_DIGEST)
#define NGX_HTTP_ZOOM_GRANT_KEY     (NGX_HTTP_ZOOM_REDIS_PREFIX_MAX           \
                                     + sizeof(":grants::")                    \
                                     + NGX_HTTP_ZOOM_GRANT_MEMBER)
#define NGX_HTTP_ZOOM_GRANT_NAME    (ZOOM_USER_MAX + ZOOM_SEAL_EXTRA)
#define NGX_HTTP_ZOOM_GRANT_ARGS    24


/* Keys come first; arguments lie in "text". */

typedef struct {
    const ngx_http_zoom_grant_query_t  *q;

    ngx_str_t                    args[NGX_HTTP_ZOOM_GRANT_ARGS];
    ngx_uint_t                   nkeys;
    ngx_uint_t                   n;
    ngx_uint_t                   failed;

    u_char                       app[NGX_HTTP_ZOOM_GRANT_DIGEST];
    u_char                       user[NGX_HTTP_ZOOM_GRANT_DIGEST];
    u_char                      *last;       /* free room in "text" */
    u_char                       text[16 * NGX_HTTP_ZOOM_GRANT_KEY
                                      + 3 * NGX_HTTP_ZOOM_GRANT_NAME
                                      + ZOOM_REFRESH_TOKEN_MAX
                                      + ZOOM_SEAL_EXTRA];
} ngx_http_zoom_grant_put_t;


#define ngx_http_zoom_grant_begin(put, query)                                 \
    (put)->q = query;                                                         \
    (put)->n = 0;                                                             \
    (put)->nkeys = 0;                                                         \
    (put)->failed = 0;                                                        \
    (put)->last = (put)->text

#define ngx_http_zoom_grant_keys_end(put)  (put)->nkeys = (put)->n


/* In a worker. */
void ngx_http_zoom_grant_args_init(const ngx_http_zoom_store_conf_t *store,
    ngx_log_t *log);

/* These add an argument. */

void ngx_http_zoom_grant_arg(ngx_http_zoom_grant_put_t *put,
    const u_char *data, size_t len);
void ngx_http_zoom_grant_text(ngx_http_zoom_grant_put_t *put,
    const char *text);
void ngx_http_zoom_grant_number(ngx_http_zoom_grant_put_t *put, int64_t n);

/* A key of that kind, or, if "len" is 0, how such keys begin. */
void ngx_http_zoom_grant_key(ngx_http_zoom_grant_put_t *put,
    const char *kind, const u_char *digest, size_t len);

#define ngx_http_zoom_grant_key_of(put, kind, digest)                         \
    ngx_http_zoom_grant_key(put, kind, digest, NGX_HTTP_ZOOM_GRANT_DIGEST)

/* The key of a name, which is an alias, an id or an e-mail. */
void ngx_http_zoom_grant_named(ngx_http_zoom_grant_put_t *put,
    const u_char *name);

/*
 * A member of the index: the app's, and "user" digits of the grant's, with
 * something around.
 */

void ngx_http_zoom_grant_member(ngx_http_zoom_grant_put_t *put,
    const char *before, size_t user, const char *after);

/* Sealed, as "what" of the grant; what is empty stays so. */
void ngx_http_zoom_grant_seal(ngx_http_zoom_grant_put_t *put,
    const char *what, const u_char *data, size_t len);

/* Of the query's app and a name, or, with NULL, of the app alone. */
void ngx_http_zoom_grant_digest(ngx_http_zoom_grant_put_t *put, u_char *to,
    const u_char *name);

/*
 * Opens what was sealed as "what" of the grant into "to", of "size" bytes.
 * NGX_ERROR: no key does, which the log is told.
 */

ngx_int_t ngx_http_zoom_grant_open(const u_char *digest,
    const char *what, const redisReply *sealed, u_char *to, size_t *len,
    size_t size);

/*
 * Appends to "to", which has room for "size" bytes in all, what an older key
 * has sealed, under the first.  NGX_DECLINED: it is, NGX_ABORT: no key opens
 * it, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_grant_anew_seal(const u_char *digest,
    const char *what, zoom_str_t sealed, ngx_str_t *to, size_t size);


#endif /* _NGX_HTTP_ZOOM_GRANT_ARGS_H_INCLUDED_ */

#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_grant_args.h"
#include "ngx_http_zoom_grant_reseal.h"
#include "ngx_http_zoom_grant_scripts.h"
#include "ngx_http_zoom_redis.h"


#define NGX_HTTP_ZOOM_GRANT_PAGE    16
#define NGX_HTTP_ZOOM_GRANT_SEALED  (ZOOM_REFRESH_TOKEN_MAX                   \
                                     + ZOOM_SEAL_EXTRA + NGX_INT64_LEN)


/* One worker of a host does this, a page at a time. */

typedef struct {
    ngx_http_zoom_grant_reseal_pt  done;
    void                        *data;
    ngx_uint_t                   left;       /* writes that are under way */
    ngx_uint_t                   failed;
} ngx_http_zoom_grant_anew_t;


static ngx_int_t ngx_http_zoom_grant_reseal_one(
    ngx_http_zoom_grant_query_t *q, const redisReply *one);
static ngx_int_t ngx_http_zoom_grant_reseal_field(const u_char *digest,
    const redisReply *field, const redisReply *value);
static const char *ngx_http_zoom_grant_reseal_what(const redisReply *field);
static ngx_int_t ngx_http_zoom_grant_reseal_write(const u_char *digest,
    const redisReply *field, const redisReply *value, const ngx_str_t *anew);
static void ngx_http_zoom_grant_reseal_written(void *data,
    const redisReply *reply);


static ngx_http_zoom_grant_anew_t  ngx_http_zoom_grant_anew;


void
ngx_http_zoom_grant_reseal_page(ngx_http_zoom_grant_put_t *put)
{
    u_char  from[ZOOM_USER_ID_MAX + 2];

    ngx_http_zoom_grant_key(put, "grants", NULL, 0);
    ngx_http_zoom_grant_keys_end(put);

    ngx_http_zoom_grant_key(put, "grant:", NULL, 0);

    from[0] = '(';
    ngx_cpystrn(from + 1, (u_char *) put->q->user, sizeof(from) - 1);

    ngx_http_zoom_grant_text(put, put->q->user[0] ? (char *) from : "-");
    ngx_http_zoom_grant_number(put, NGX_HTTP_ZOOM_GRANT_PAGE);
}


ngx_int_t
ngx_http_zoom_grant_reseal(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply, ngx_http_zoom_grant_reseal_pt done, void *data)
{
    size_t                       i;
    ngx_http_zoom_grant_anew_t  *anew;

    anew = &ngx_http_zoom_grant_anew;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return NGX_ERROR;
    }

    anew->done = done;
    anew->data = data;
    anew->left = 0;
    anew->failed = 0;

    for (i = 0; i < reply->elements && !anew->failed; i++) {
        anew->failed = (ngx_http_zoom_grant_reseal_one(q, reply->element[i])
                        != NGX_OK);
    }

    q->more = (reply->elements == NGX_HTTP_ZOOM_GRANT_PAGE);

    if (anew->left) {
        return NGX_AGAIN;
    }

    return anew->failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_zoom_grant_reseal_one(ngx_http_zoom_grant_query_t *q,
    const redisReply *one)
{
    size_t         i;
    ngx_int_t      rc;
    ngx_uint_t     anew, lost;
    const u_char  *digest;

    if (one->type != REDIS_REPLY_ARRAY || one->elements == 0
        || one->element[0]->len != NGX_HTTP_ZOOM_GRANT_MEMBER)
    {
        return NGX_ERROR;
    }

    anew = 0;
    lost = 0;
    digest = (u_char *) one->element[0]->str + NGX_HTTP_ZOOM_GRANT_APP + 1;

    for (i = 1; i + 1 < one->elements; i += 2) {
        rc = ngx_http_zoom_grant_reseal_field(digest, one->element[i],
                                              one->element[i + 1]);
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        anew |= (rc == NGX_OK);
        lost |= (rc == NGX_ABORT);
    }

    q->resealed += anew;
    q->lost += lost;

    /* where it goes on */

    ngx_cpystrn(q->user, (u_char *) one->element[0]->str, sizeof(q->user));

    return NGX_OK;
}


/* NGX_OK: it is sealed anew, NGX_DECLINED: no need, NGX_ABORT: no key opens */

static ngx_int_t
ngx_http_zoom_grant_reseal_field(const u_char *digest,
    const redisReply *field, const redisReply *value)
{
    u_char      *p, *last;
    ngx_int_t    rc;
    ngx_str_t    to;
    const char  *what;
    zoom_str_t   sealed;

    static u_char  anew[NGX_HTTP_ZOOM_GRANT_SEALED];

    p = (u_char *) value->str;
    last = p + value->len;
    what = ngx_http_zoom_grant_reseal_what(field);

    if (field->str[0] == 'a') {

        /* it stands behind a time */

        while (p < last && *p++ != ' ') { /* void */ }
    }

    if (p == last) {
        return NGX_DECLINED;
    }

    if (value->len > sizeof(anew)) {
        return NGX_ABORT;
    }

    sealed.data = p;
    sealed.len = last - p;

    to.data = anew;
    to.len = p - (u_char *) value->str;

    ngx_memcpy(anew, value->str, to.len);

    rc = ngx_http_zoom_grant_anew_seal(digest, what, sealed, &to,
                                       sizeof(anew));

    return (rc == NGX_OK)
           ? ngx_http_zoom_grant_reseal_write(digest, field, value, &to) : rc;
}


static const char *
ngx_http_zoom_grant_reseal_what(const redisReply *field)
{
    switch (field->str[0]) {

    case 'u':
        return "user";

    case 'e':
        return "email";

    case 't':
        return "token";

    default:
        return "alias";
    }
}


static ngx_int_t
ngx_http_zoom_grant_reseal_write(const u_char *digest,
    const redisReply *field, const redisReply *value, const ngx_str_t *anew)
{
    u_char     key[NGX_HTTP_ZOOM_GRANT_KEY];
    ngx_str_t  args[4];

    args[0].data = key;
    args[0].len = ngx_snprintf(key, sizeof(key), "%V:grant:%*s",
                               ngx_http_zoom_redis_prefix(),
                               (size_t) NGX_HTTP_ZOOM_GRANT_DIGEST, digest)
                  - key;
    args[1].data = (u_char *) field->str;
    args[1].len = field->len;
    args[2].data = (u_char *) value->str;
    args[2].len = value->len;
    args[3] = *anew;

    if (ngx_http_zoom_redis_run(&ngx_http_zoom_grant_anew_script, 1, args, 4,
                                ngx_http_zoom_grant_reseal_written, NULL)
        == NULL)
    {
        return NGX_ERROR;
    }

    ngx_http_zoom_grant_anew.left++;

    return NGX_OK;
}


static void
ngx_http_zoom_grant_reseal_written(void *data, const redisReply *reply)
{
    ngx_http_zoom_grant_anew_t  *anew;

    anew = &ngx_http_zoom_grant_anew;

    anew->failed |= (reply == NULL);

    if (--anew->left == 0) {
        anew->done(anew->data, anew->failed ? NGX_ERROR : NGX_OK);
    }
}

#endif

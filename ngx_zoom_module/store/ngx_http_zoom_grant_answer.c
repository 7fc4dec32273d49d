#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_grant_answer.h"
#include "ngx_http_zoom_grant_args.h"


static ngx_int_t ngx_http_zoom_grant_found(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);
static ngx_int_t ngx_http_zoom_grant_read(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);
static ngx_int_t ngx_http_zoom_grant_listed(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);
static ngx_int_t ngx_http_zoom_grant_written(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);
static ngx_int_t ngx_http_zoom_grant_row(ngx_http_zoom_grant_row_t *row,
    const u_char *digest, const redisReply *user, const redisReply *email,
    redisReply **names, size_t nnames);
static ngx_int_t ngx_http_zoom_grant_compare(const void *one,
    const void *two);
static void ngx_http_zoom_grant_counted(const ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);
static int64_t ngx_http_zoom_grant_int(const redisReply *reply);


#define ngx_http_zoom_grant_is(reply, n)                                      \
    ((reply)->type == REDIS_REPLY_ARRAY && (reply)->elements >= (n))


static ngx_http_zoom_grant_counted_pt  ngx_http_zoom_grant_tell;


void
ngx_http_zoom_grant_answer_init(ngx_http_zoom_grant_counted_pt counted)
{
    ngx_http_zoom_grant_tell = counted;
}


ngx_int_t
ngx_http_zoom_grant_answer(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    switch (q->what) {

    case NGX_HTTP_ZOOM_GRANT_FIND:
        return ngx_http_zoom_grant_found(q, reply);

    case NGX_HTTP_ZOOM_GRANT_READ:
        return ngx_http_zoom_grant_read(q, reply);

    case NGX_HTTP_ZOOM_GRANT_LIST:
        return ngx_http_zoom_grant_listed(q, reply);

    default:
        return ngx_http_zoom_grant_written(q, reply);
    }
}


/* Digest of the grant, sealed id. */

static ngx_int_t
ngx_http_zoom_grant_found(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    size_t  len;

    if (!ngx_http_zoom_grant_is(reply, 2)) {
        return NGX_DECLINED;
    }

    if (reply->element[0]->len != NGX_HTTP_ZOOM_GRANT_DIGEST) {
        return NGX_ERROR;
    }

    return ngx_http_zoom_grant_open((u_char *) reply->element[0]->str, "user",
                                    reply->element[1], q->user, &len,
                                    sizeof(q->user) - 1);
}


/* State, consent, version, sealed token, turn; or another host's turn. */

static ngx_int_t
ngx_http_zoom_grant_read(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    ngx_http_zoom_grant_put_t  put;

    if (reply->elements == 1) {
        return NGX_AGAIN;
    }

    if (!ngx_http_zoom_grant_is(reply, 5)) {
        return NGX_DECLINED;
    }

    put.q = q;
    put.failed = 0;

    ngx_http_zoom_grant_digest(&put, put.user, q->user);

    if (put.failed) {
        return NGX_ERROR;
    }

    q->state = ngx_http_zoom_grant_int(reply->element[0])
               ? ZOOM_GRANT_EXPIRED : ZOOM_GRANT_ACTIVE;
    q->consent = ngx_http_zoom_grant_int(reply->element[1]);
    q->version = ngx_http_zoom_grant_int(reply->element[2]);
    q->turn = ngx_http_zoom_grant_int(reply->element[4]);

    return ngx_http_zoom_grant_open(put.user, "token", reply->element[3],
                                    q->token, &q->len, sizeof(q->token));
}


/* Of each: digest, sealed id and e-mail, state, times, sealed aliases. */

static ngx_int_t
ngx_http_zoom_grant_listed(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    size_t                      i;
    const redisReply           *one;
    ngx_http_zoom_grant_row_t  *row;

    q->rows = calloc(NGX_HTTP_ZOOM_ROWS_MAX,
                     sizeof(ngx_http_zoom_grant_row_t));
    if (q->rows == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < reply->elements; i++) {

        if (q->nrows == NGX_HTTP_ZOOM_ROWS_MAX) {
            q->more = 1;
            break;
        }

        one = reply->element[i];
        row = &q->rows[q->nrows];

        if (!ngx_http_zoom_grant_is(one, 6)
            || one->element[0]->len != NGX_HTTP_ZOOM_GRANT_DIGEST)
        {
            return NGX_ERROR;
        }

        if (ngx_http_zoom_grant_row(row,
                                           (u_char *) one->element[0]->str,
                                           one->element[1], one->element[2],
                                           &one->element[6],
                                           one->elements - 6)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        row->state = ngx_http_zoom_grant_int(one->element[3])
                     ? ZOOM_GRANT_EXPIRED : ZOOM_GRANT_ACTIVE;
        row->connected = ngx_http_zoom_grant_int(one->element[4]);
        row->refreshed = ngx_http_zoom_grant_int(one->element[5]);

        q->nrows++;
    }

    return NGX_OK;
}


/* What became of it, counts, and perhaps sealed names. */

static ngx_int_t
ngx_http_zoom_grant_written(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    ngx_http_zoom_grant_put_t  put;

    if (!ngx_http_zoom_grant_is(reply, 3)) {
        return NGX_ERROR;
    }

    ngx_http_zoom_grant_counted(q, reply);

    if (reply->element[0]->integer) {
        q->late = (reply->element[0]->integer == 2);
        return NGX_DECLINED;
    }

    if (reply->elements < 5) {
        return NGX_OK;
    }

    q->rows = calloc(1, sizeof(ngx_http_zoom_grant_row_t));
    if (q->rows == NULL) {
        return NGX_ERROR;
    }

    q->nrows = 1;

    put.q = q;
    put.failed = 0;

    ngx_http_zoom_grant_digest(&put, put.user, q->user);

    /* it has been written, whether or not its names can be read */

    if (put.failed
        || ngx_http_zoom_grant_row(q->rows, put.user,
                                          reply->element[3],
                                          reply->element[4],
                                          &reply->element[5],
                                          reply->elements - 5)
           != NGX_OK)
    {
        ngx_memzero(q->rows, sizeof(ngx_http_zoom_grant_row_t));
        ngx_memcpy(q->rows->user, q->user, sizeof(q->user));
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_grant_row(ngx_http_zoom_grant_row_t *row,
    const u_char *digest, const redisReply *user, const redisReply *email,
    redisReply **names, size_t nnames)
{
    size_t  i, len;

    if (ngx_http_zoom_grant_open(digest, "user", user, row->user, &len,
                                 ZOOM_USER_ID_MAX)
        != NGX_OK
        || ngx_http_zoom_grant_open(digest, "email", email, row->email, &len,
                                    ZOOM_USER_MAX)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < nnames && row->nnames < NGX_HTTP_ZOOM_NAMES_MAX; i++) {
        if (ngx_http_zoom_grant_open(digest, "alias", names[i],
                                     row->names[row->nnames], &len,
                                     ZOOM_USER_MAX)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        row->nnames++;
    }

    ngx_sort(row->names, row->nnames, sizeof(row->names[0]),
             ngx_http_zoom_grant_compare);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_grant_compare(const void *one, const void *two)
{
    return ngx_strcmp(one, two);
}


static void
ngx_http_zoom_grant_counted(const ngx_http_zoom_grant_query_t *q,
    const redisReply *reply)
{
    ngx_uint_t                    i;
    ngx_http_zoom_grant_count_t   counts[ZOOM_NGRANT_STATES];

    for (i = 0; i < ZOOM_NGRANT_STATES; i++) {
        ngx_memcpy(counts[i].app, q->app, sizeof(q->app));
        counts[i].state = i;
        counts[i].n = ngx_max(reply->element[i + 1]->integer, 0);
    }

    ngx_http_zoom_grant_tell(counts, ZOOM_NGRANT_STATES);
}


static int64_t
ngx_http_zoom_grant_int(const redisReply *reply)
{
    off_t  n;

    if (reply->type == REDIS_REPLY_INTEGER) {
        return reply->integer;
    }

    if (reply->type != REDIS_REPLY_STRING || reply->len == 0) {
        return 0;
    }

    n = ngx_atoof((u_char *) reply->str, reply->len);

    return (n == NGX_ERROR) ? 0 : n;
}

#endif

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/err.h>

#include "ngx_http_zoom_redis_event.h"


/* as hiredis has it */

#if (HIREDIS_MAJOR == 0)
typedef int     ngx_http_zoom_redis_event_elements_t;
#else
typedef size_t  ngx_http_zoom_redis_event_elements_t;
#endif


static void ngx_http_zoom_redis_event_bound(ngx_http_zoom_redis_event_t *e);
static void *ngx_http_zoom_redis_event_string(const redisReadTask *task,
    char *text, size_t len);
static void *ngx_http_zoom_redis_event_array(const redisReadTask *task,
    ngx_http_zoom_redis_event_elements_t elements);
static ngx_int_t ngx_http_zoom_redis_event_grow(const redisReadTask *task,
    size_t size);
static void ngx_http_zoom_redis_event_read(ngx_event_t *ev);
static void ngx_http_zoom_redis_event_write(ngx_event_t *ev);
static void ngx_http_zoom_redis_event_add_read(void *data);
static void ngx_http_zoom_redis_event_del_read(void *data);
static void ngx_http_zoom_redis_event_add_write(void *data);
static void ngx_http_zoom_redis_event_del_write(void *data);
static void ngx_http_zoom_redis_event_cleanup(void *data);


/* hiredis' own, and what is called in their place */

static redisReplyObjectFunctions  ngx_http_zoom_redis_event_theirs;
static redisReplyObjectFunctions  ngx_http_zoom_redis_event_ours;


ngx_int_t
ngx_http_zoom_redis_event_watch(ngx_http_zoom_redis_event_t *e,
    redisAsyncContext *ac)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(ac->c.fd, e->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->data = e;

    c->read->log = e->log;
    c->read->handler = ngx_http_zoom_redis_event_read;
    c->write->log = e->log;
    c->write->handler = ngx_http_zoom_redis_event_write;

    e->ac = ac;
    e->connection = c;

    ac->ev.data = e;
    ac->ev.addRead = ngx_http_zoom_redis_event_add_read;
    ac->ev.delRead = ngx_http_zoom_redis_event_del_read;
    ac->ev.addWrite = ngx_http_zoom_redis_event_add_write;
    ac->ev.delWrite = ngx_http_zoom_redis_event_del_write;
    ac->ev.cleanup = ngx_http_zoom_redis_event_cleanup;

    ngx_http_zoom_redis_event_bound(e);

    return NGX_OK;
}


/*
 * hiredis takes whatever comes.  What it makes of a reply is counted as it is
 * made, and what it has of a string as it is read.
 */

static void
ngx_http_zoom_redis_event_bound(ngx_http_zoom_redis_event_t *e)
{
    redisReader                *reader;
    redisReplyObjectFunctions  *ours, *theirs;

    reader = e->ac->c.reader;

    ours = &ngx_http_zoom_redis_event_ours;
    theirs = &ngx_http_zoom_redis_event_theirs;

    e->size = 0;
    e->large = 0;

    *theirs = *reader->fn;
    *ours = *theirs;

    ours->createString = ngx_http_zoom_redis_event_string;
    ours->createArray = ngx_http_zoom_redis_event_array;

    reader->fn = ours;
    reader->privdata = e;
}


static void *
ngx_http_zoom_redis_event_string(const redisReadTask *task, char *text,
    size_t len)
{
    if (ngx_http_zoom_redis_event_grow(task, len) != NGX_OK) {
        return NULL;
    }

    return ngx_http_zoom_redis_event_theirs.createString(task, text, len);
}


/* with what is in it, be it numbers */

static void *
ngx_http_zoom_redis_event_array(const redisReadTask *task,
    ngx_http_zoom_redis_event_elements_t elements)
{
    size_t  n;

    n = (size_t) elements;

    if (n > NGX_HTTP_ZOOM_REDIS_REPLY_MAX / sizeof(redisReply)) {
        n = NGX_HTTP_ZOOM_REDIS_REPLY_MAX;
    }

    if (ngx_http_zoom_redis_event_grow(task, n * sizeof(redisReply))
        != NGX_OK)
    {
        return NULL;
    }

    return ngx_http_zoom_redis_event_theirs.createArray(task, elements);
}


/* NGX_ERROR: hiredis believes that there is no memory, and closes it. */

static ngx_int_t
ngx_http_zoom_redis_event_grow(const redisReadTask *task, size_t size)
{
    ngx_http_zoom_redis_event_t  *e;

    e = task->privdata;

    if (task->parent == NULL) {
        e->size = 0;
    }

    e->size += size;
    e->large = (e->size > NGX_HTTP_ZOOM_REDIS_REPLY_MAX);

    return e->large ? NGX_ERROR : NGX_OK;
}


/* What OpenSSL says is of this connection, and not for nginx' own. */

static void
ngx_http_zoom_redis_event_read(ngx_event_t *ev)
{
    redisReader                  *reader;
    ngx_connection_t             *c;
    ngx_http_zoom_redis_event_t  *e;

    c = ev->data;
    e = c->data;

    if (e->ac == NULL) {
        return;
    }

    ERR_clear_error();
    redisAsyncHandleRead(e->ac);
    ERR_clear_error();

    if (e->ac == NULL) {
        return;
    }

    /* what is left of it is one reply, or a part of that */

    reader = e->ac->c.reader;

    if (reader->len - reader->pos > NGX_HTTP_ZOOM_REDIS_REPLY_MAX) {
        e->large = 1;
        redisAsyncFree(e->ac);
    }
}


static void
ngx_http_zoom_redis_event_write(ngx_event_t *ev)
{
    ngx_connection_t             *c;
    ngx_http_zoom_redis_event_t  *e;

    c = ev->data;
    e = c->data;

    if (e->ac) {
        ERR_clear_error();
        redisAsyncHandleWrite(e->ac);
        ERR_clear_error();
    }
}


/* Level-triggered: hiredis reads once for each event. */

static void
ngx_http_zoom_redis_event_add_read(void *data)
{
    ngx_http_zoom_redis_event_t  *e = data;

    if (!e->connection->read->active) {
        (void) ngx_add_event(e->connection->read, NGX_READ_EVENT,
                             NGX_LEVEL_EVENT);
    }
}


static void
ngx_http_zoom_redis_event_del_read(void *data)
{
    ngx_http_zoom_redis_event_t  *e = data;

    if (e->connection->read->active) {
        (void) ngx_del_event(e->connection->read, NGX_READ_EVENT, 0);
    }
}


static void
ngx_http_zoom_redis_event_add_write(void *data)
{
    ngx_http_zoom_redis_event_t  *e = data;

    if (!e->connection->write->active) {
        (void) ngx_add_event(e->connection->write, NGX_WRITE_EVENT,
                             NGX_LEVEL_EVENT);
    }
}


static void
ngx_http_zoom_redis_event_del_write(void *data)
{
    ngx_http_zoom_redis_event_t  *e = data;

    if (e->connection->write->active) {
        (void) ngx_del_event(e->connection->write, NGX_WRITE_EVENT, 0);
    }
}


/* hiredis closes the socket itself. */

static void
ngx_http_zoom_redis_event_cleanup(void *data)
{
    ngx_http_zoom_redis_event_t  *e = data;

    ngx_connection_t  *c;

    c = e->connection;

    ngx_http_zoom_redis_event_del_read(e);
    ngx_http_zoom_redis_event_del_write(e);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    e->connection = NULL;

    e->closed(e);

    e->ac = NULL;
}

#endif

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_batch.h"


static void ngx_http_zoom_batch_answered(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_batch_ripened(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_batch_settle(ngx_http_zoom_batch_t *batch);


ngx_int_t
ngx_http_zoom_batch_init(ngx_http_zoom_batch_t *batch, ngx_pool_t *pool,
    ngx_uint_t size)
{
    ngx_memzero(batch, sizeof(ngx_http_zoom_batch_t));

    batch->asks = ngx_pcalloc(pool, size * sizeof(ngx_http_zoom_ask_t));
    if (batch->asks == NULL) {
        return NGX_ERROR;
    }

    batch->size = size;

    return NGX_OK;
}


ngx_http_zoom_ask_t *
ngx_http_zoom_batch_add(ngx_http_zoom_batch_t *batch, ngx_pool_t *pool,
    zoom_token_type_e type)
{
    ngx_http_zoom_ask_t  *ask;

    ask = &batch->asks[batch->n++];

    ask->pool = pool;
    ask->req.type = type;

    return ask;
}


ngx_int_t
ngx_http_zoom_batch_ask(ngx_http_zoom_batch_t *batch, ngx_msec_t deadline)
{
    ngx_uint_t            i;
    ngx_http_zoom_ask_t  *ask;

    for (i = 0; i < batch->n; i++) {
        ask = &batch->asks[i];

        if (ask->error || ask->token.len) {
            continue;
        }

        ask->who = batch->who;
        ask->deadline = deadline;
        ask->handler = ngx_http_zoom_batch_answered;
        ask->ripened = ngx_http_zoom_batch_ripened;
        ask->data = batch;

        if (ngx_http_zoom_ask(ask) == NGX_AGAIN) {
            batch->waiting++;
            continue;
        }

        if (ask->error && ask->vital) {
            break;
        }
    }

    if (i < batch->n) {
        ngx_http_zoom_batch_cancel(batch, batch->asks[i].error);
    }

    return batch->waiting ? NGX_AGAIN : NGX_OK;
}


/* The flight of an ask calls this from the event loop, and calls no other. */

static void
ngx_http_zoom_batch_answered(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_batch_t  *batch;

    batch = ask->data;

    batch->waiting--;

    if (ask->error && ask->vital) {
        ngx_http_zoom_batch_cancel(batch, ask->error);
    }

    ngx_http_zoom_batch_settle(batch);

    if (batch->waiting == 0) {
        batch->handler(batch);
    }
}


static void
ngx_http_zoom_batch_ripened(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_batch_t  *batch;

    batch = ask->data;

    ngx_http_zoom_batch_settle(batch);

    if (batch->waiting == 0) {
        batch->handler(batch);
    }
}


/* while the answer waits for another token anyway, a fresh one may come */

static void
ngx_http_zoom_batch_settle(ngx_http_zoom_batch_t *batch)
{
    ngx_uint_t            i;
    ngx_http_zoom_ask_t  *ask;

    for (i = 0; i < batch->n; i++) {
        ask = &batch->asks[i];

        if (ask->waiter.flight && !ask->ripe) {
            return;
        }
    }

    for (i = 0; i < batch->n; i++) {
        ask = &batch->asks[i];

        if (ask->waiter.flight && ngx_http_zoom_ask_settle(ask) == NGX_OK) {
            batch->waiting--;
        }
    }
}


void
ngx_http_zoom_batch_cancel(ngx_http_zoom_batch_t *batch, zoom_error_e error)
{
    ngx_uint_t            i;
    ngx_http_zoom_ask_t  *ask;

    for (i = 0; i < batch->n; i++) {
        ask = &batch->asks[i];

        if (ask->waiter.flight == NULL && ask->handler) {
            continue;
        }

        ngx_http_zoom_ask_cancel(ask);

        if (ask->error == ZOOM_OK) {
            ask->error = error;
            ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
        }
    }

    batch->waiting = 0;
}


time_t
ngx_http_zoom_batch_retry_after(const ngx_http_zoom_batch_t *batch)
{
    time_t      after;
    ngx_uint_t  i;

    after = 0;

    for (i = 0; i < batch->n; i++) {
        if (batch->asks[i].error) {
            after = ngx_max(after, batch->asks[i].retry_after);
        }
    }

    return after;
}


void
ngx_http_zoom_batch_wipe(ngx_http_zoom_batch_t *batch)
{
    ngx_uint_t   i;
    ngx_str_t   *token;

    for (i = 0; i < batch->n; i++) {
        token = &batch->asks[i].token;

        if (token->len) {
            ngx_explicit_memzero(token->data, token->len);
        }
    }
}

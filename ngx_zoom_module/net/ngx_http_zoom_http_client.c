#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_transfer.h"


#define NGX_HTTP_ZOOM_CLIENT_QUEUE  1024

/* who leaves the queue later than this before his time is over, ms */
#define NGX_HTTP_ZOOM_CLIENT_LEAST  250

/* how long after its deadline a transfer is taken away from curl, ms */
#define NGX_HTTP_ZOOM_CLIENT_GRACE  500


static void ngx_http_zoom_client_shutdown(void *data);
static void ngx_http_zoom_client_pump_handler(ngx_event_t *ev);
static void ngx_http_zoom_client_timer_handler(ngx_event_t *ev);
static void ngx_http_zoom_client_resolve_handler(ngx_http_zoom_resolve_t *r);
static void ngx_http_zoom_client_curl_handler(ngx_http_zoom_curl_handle_t *h,
    CURLcode code);
static void ngx_http_zoom_client_done_handler(ngx_event_t *ev);

static ngx_int_t ngx_http_zoom_client_check(const ngx_http_zoom_exchange_t *f);
static void ngx_http_zoom_client_next(ngx_http_zoom_http_client_t *client,
    ngx_http_zoom_transfer_host_t *host);
static ngx_uint_t ngx_http_zoom_client_late(
    const ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_client_pump(ngx_http_zoom_http_client_t *client);
static void ngx_http_zoom_client_clock(ngx_http_zoom_transfer_t *t,
    ngx_msec_t time);
static void ngx_http_zoom_client_begin(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_client_run(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_client_finish(ngx_http_zoom_transfer_t *t,
    ngx_int_t rc);
static void ngx_http_zoom_client_leave(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_client_detach(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_client_free(ngx_http_zoom_transfer_t *t);
static ngx_uint_t ngx_http_zoom_client_again(ngx_http_zoom_transfer_t *t,
    CURLcode code);


const ngx_http_zoom_transport_t  ngx_http_zoom_http_client = {
    ngx_http_zoom_http_client_send,
    ngx_http_zoom_http_client_cancel
};


/* those that ended, of all clients: a handler may destroy its own */

static ngx_queue_t  ngx_http_zoom_client_done;
static ngx_event_t  ngx_http_zoom_client_done_event;


ngx_int_t
ngx_http_zoom_http_client_init_process(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_http_zoom_client_done);

    ngx_http_zoom_timer_init(&ngx_http_zoom_client_done_event,
                             ngx_http_zoom_client_done_handler, cycle->log);

    return ngx_http_zoom_curl_init_process(cycle);
}


void
ngx_http_zoom_http_client_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_zoom_timer_stop(&ngx_http_zoom_client_done_event);

    ngx_http_zoom_curl_exit_process();
}


ngx_http_zoom_http_client_t *
ngx_http_zoom_http_client_create(ngx_cycle_t *cycle,
    const ngx_http_zoom_client_conf_t *conf, ngx_uint_t rate)
{
    ngx_http_zoom_http_client_t  *client;

    client = ngx_calloc(sizeof(ngx_http_zoom_http_client_t)
                        + conf->proxy.len + 1, cycle->log);
    if (client == NULL) {
        return NULL;
    }

    client->conf = conf;
    client->rate = rate;
    client->bound = ngx_http_zoom_transfer_host_bound(cycle, conf);
    client->log = cycle->log;
    client->proxy = (char *) (client + 1);

    if (conf->proxy.len) {
        ngx_memcpy(client->proxy, conf->proxy.data, conf->proxy.len);
    }

    client->proxy_literal = ngx_http_zoom_url_literal(&conf->proxy_host);

    ngx_queue_init(&client->hosts);
    ngx_queue_init(&client->transfers);

    ngx_http_zoom_timer_init(&client->pump, ngx_http_zoom_client_pump_handler,
                             cycle->log);
    client->curl.done = ngx_http_zoom_client_curl_handler;
    client->curl.shutdown = ngx_http_zoom_client_shutdown;
    client->curl.data = client;
    client->curl.log = cycle->log;

    return client;
}


void
ngx_http_zoom_http_client_destroy(ngx_http_zoom_http_client_t *client)
{
    ngx_queue_t                    *q, *next;
    ngx_http_zoom_transfer_t       *t;
    ngx_http_zoom_transfer_host_t  *host;

    while (!ngx_queue_empty(&client->transfers)) {
        q = ngx_queue_head(&client->transfers);
        t = ngx_queue_data(q, ngx_http_zoom_transfer_t, link);

        t->exchange->transfer = NULL;
        ngx_http_zoom_client_free(t);
    }

    ngx_http_zoom_client_close(client);

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = next)
    {
        next = ngx_queue_next(q);

        host = ngx_queue_data(q, ngx_http_zoom_transfer_host_t, queue);
        ngx_http_zoom_transfer_host_free(host);
    }

    ngx_http_zoom_timer_stop(&client->pump);

    ngx_free(client);
}


ngx_int_t
ngx_http_zoom_http_client_send(void *carrier, ngx_http_zoom_exchange_t *f)
{
    ngx_http_zoom_http_client_t  *client = carrier;

    ngx_http_zoom_transfer_t       *t;
    ngx_http_zoom_transfer_host_t  *host;

    f->transfer = NULL;

    if (ngx_http_zoom_client_check(f) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, f->log, 0,
                      "zoom client: request to %V is malformed",
                      &f->origin->host);
        return NGX_ERROR;
    }

    host = ngx_http_zoom_transfer_host(client, f->origin);
    if (host == NULL) {
        return NGX_ERROR;
    }

    if (host->active + host->nwaiting
        >= client->bound + NGX_HTTP_ZOOM_CLIENT_QUEUE)
    {
        return NGX_BUSY;
    }

    if (client->curl.multi == NULL
        && ngx_http_zoom_client_open(client) != NGX_OK)
    {
        return NGX_ERROR;
    }

    t = ngx_http_zoom_transfer_create(client, f);
    if (t == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_timer_init(&t->timer, ngx_http_zoom_client_timer_handler,
                             client->log);

    t->host = host;

    (void) ngx_http_zoom_transfer_start(t, NGX_HTTP_ZOOM_TRANSFER_WAITING,
                                        f->patience);

    ngx_queue_insert_tail(&client->transfers, &t->link);
    ngx_queue_insert_tail(&host->waiting, &t->queue);
    host->nwaiting++;

    f->transfer = t;

    ngx_http_zoom_client_clock(t, t->timeout);
    ngx_http_zoom_client_pump(client);

    return NGX_OK;
}


void
ngx_http_zoom_http_client_cancel(ngx_http_zoom_exchange_t *f)
{
    ngx_http_zoom_transfer_t  *t;

    t = f->transfer;

    if (t == NULL) {
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom client: cancel %V", &t->host->name);

    f->transfer = NULL;

    ngx_http_zoom_client_free(t);
}


static void
ngx_http_zoom_client_shutdown(void *data)
{
    ngx_http_zoom_http_client_t  *client = data;

    ngx_queue_t               *q;
    ngx_http_zoom_transfer_t  *t;

    for (q = ngx_queue_head(&client->transfers);
         q != ngx_queue_sentinel(&client->transfers);
         q = ngx_queue_next(q))
    {
        t = ngx_queue_data(q, ngx_http_zoom_transfer_t, link);

        if (t->state != NGX_HTTP_ZOOM_TRANSFER_DONE) {
            ngx_http_zoom_reason_say(t, NULL, "worker process is shut down");
            ngx_http_zoom_client_finish(t, NGX_ERROR);
        }
    }
}


static void
ngx_http_zoom_client_pump_handler(ngx_event_t *ev)
{
    ngx_queue_t                    *q;
    ngx_http_zoom_http_client_t    *client;
    ngx_http_zoom_transfer_host_t  *host;

    client = ngx_http_zoom_timer_object(ev, ngx_http_zoom_http_client_t, pump);

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = ngx_queue_next(q))
    {
        host = ngx_queue_data(q, ngx_http_zoom_transfer_host_t, queue);

        ngx_http_zoom_client_next(client, host);
    }

    ngx_http_zoom_transfer_host_keep(client);
}


static void
ngx_http_zoom_client_next(ngx_http_zoom_http_client_t *client,
    ngx_http_zoom_transfer_host_t *host)
{
    ngx_queue_t               *q;
    ngx_http_zoom_transfer_t  *t;

    while (!ngx_queue_empty(&host->waiting)
           && host->active < ngx_http_zoom_transfer_host_limit(client, host))
    {
        q = ngx_queue_head(&host->waiting);
        t = ngx_queue_data(q, ngx_http_zoom_transfer_t, queue);

        if (ngx_http_zoom_client_late(t)) {
            ngx_http_zoom_reason_timeout(t);
            ngx_http_zoom_client_finish(t, NGX_ERROR);
            continue;
        }

        ngx_queue_remove(q);
        host->nwaiting--;

        ngx_queue_insert_tail(&host->running, q);
        host->active++;

        ngx_http_zoom_client_begin(t);
    }
}


/* who had to wait, so that no answer can be there in time, is not sent */

static ngx_uint_t
ngx_http_zoom_client_late(const ngx_http_zoom_transfer_t *t)
{
    ngx_msec_t      takes;
    ngx_msec_int_t  waited, left;

    waited = (ngx_msec_int_t) (ngx_current_msec - t->created);
    left = (ngx_msec_int_t) (t->deadline - ngx_current_msec);

    takes = ngx_min(t->host->latency, t->client->conf->request_timeout);
    takes = ngx_max(takes, NGX_HTTP_ZOOM_CLIENT_LEAST);

    return waited > NGX_HTTP_ZOOM_CLIENT_LEAST
           && left < (ngx_msec_int_t) takes;
}


/* The only clock while curl has not got the transfer, a safety net later. */

static void
ngx_http_zoom_client_timer_handler(ngx_event_t *ev)
{
    ngx_http_zoom_transfer_t  *t;

    t = ngx_http_zoom_timer_object(ev, ngx_http_zoom_transfer_t, timer);

    if (t->state == NGX_HTTP_ZOOM_TRANSFER_DONE) {
        return;
    }

    ngx_http_zoom_reason_timeout(t);
    ngx_http_zoom_client_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_client_resolve_handler(ngx_http_zoom_resolve_t *r)
{
    ngx_http_zoom_transfer_t  *t = r->data;

    if (r->list) {
        ngx_http_zoom_client_run(t);
        return;
    }

    t->timedout = r->timedout;

    ngx_http_zoom_reason_say(t, "check resolver",
                            "could not resolve %s: %s",
                            t->proxied ? "proxy" : "host", r->error);
    ngx_http_zoom_client_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_client_curl_handler(ngx_http_zoom_curl_handle_t *h,
    CURLcode code)
{
    ngx_http_zoom_transfer_t  *t;

    t = (ngx_http_zoom_transfer_t *) h;

    if (code == CURLE_OK && !t->head_ended) {

        /* curl takes a connection closed inside the headers for an end */

        code = CURLE_PARTIAL_FILE;
    }

    if (code == CURLE_PARTIAL_FILE && t->header_len == 0) {

        /* how some versions call a stream that HTTP/2's GOAWAY left out */

        code = CURLE_GOT_NOTHING;
    }

    if (code == CURLE_OK) {
        (void) curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &t->status);

        ngx_http_zoom_transfer_host_answered(t->host,
                                             ngx_current_msec - t->started);

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, t->log, 0,
                       "zoom client: %V answered %l, %uz bytes",
                       &t->host->name, t->status, t->answer_len);

        ngx_http_zoom_client_finish(t, NGX_OK);
        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom client: %V failed with %d",
                   &t->host->name, (int) code);

    if (code == CURLE_FILESIZE_EXCEEDED) {
        t->too_large = 1;
    }

    if (ngx_http_zoom_client_again(t, code)) {
        return;
    }

    ngx_http_zoom_reason(t, code);
    ngx_http_zoom_client_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_client_done_handler(ngx_event_t *ev)
{
    ngx_queue_t               *q;
    ngx_http_zoom_exchange_t  *f;
    ngx_http_zoom_transfer_t  *t;

    while (!ngx_queue_empty(&ngx_http_zoom_client_done)) {
        q = ngx_queue_head(&ngx_http_zoom_client_done);
        t = ngx_queue_data(q, ngx_http_zoom_transfer_t, queue);

        f = t->exchange;
        f->transfer = NULL;

        ngx_http_zoom_transfer_fill(t);

        /* from here on nobody but us knows of the transfer */

        ngx_http_zoom_client_detach(t);

        f->handler(f);

        ngx_http_zoom_client_free(t);
    }
}


/* What is appended as it is must not change where the request goes. */

static ngx_int_t
ngx_http_zoom_client_check(const ngx_http_zoom_exchange_t *f)
{
    if (!zoom_printable(ngx_http_zoom_str(&f->path))
        || !zoom_printable(ngx_http_zoom_str(&f->authorization)))
    {
        return NGX_ERROR;
    }

    if (f->path.len == 0) {
        return NGX_OK;
    }

    if ((f->path.data[0] != '/' && f->path.data[0] != '?')
        || memchr(f->path.data, ' ', f->path.len)
        || memchr(f->path.data, '#', f->path.len))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_zoom_client_pump(ngx_http_zoom_http_client_t *client)
{
    ngx_post_event(&client->pump, &ngx_posted_events);
}


/* a timer that is set may be moved, but not by less than nginx cares for */

static void
ngx_http_zoom_client_clock(ngx_http_zoom_transfer_t *t, ngx_msec_t time)
{
    if (t->timer.timer_set) {
        ngx_del_timer(&t->timer);
    }

    ngx_add_timer(&t->timer, time);
}


static void
ngx_http_zoom_client_begin(ngx_http_zoom_transfer_t *t)
{
    ngx_http_zoom_resolve_t            *r;
    const ngx_http_zoom_client_conf_t  *conf;

    conf = t->client->conf;

    (void) ngx_http_zoom_transfer_start(t, NGX_HTTP_ZOOM_TRANSFER_RESOLVING,
                                        conf->request_timeout);

    if (conf->resolver == NULL
        || (t->proxied ? t->client->proxy_literal : t->literal))
    {
        ngx_http_zoom_client_run(t);
        return;
    }

    ngx_http_zoom_client_clock(t, t->timeout);

    r = &t->resolve;
    r->host = t->proxied ? conf->proxy_host : t->host->name;
    r->port = t->proxied ? conf->proxy_port : t->host->port;
    r->handler = ngx_http_zoom_client_resolve_handler;
    r->data = t;
    r->log = t->log;

    if (ngx_http_zoom_resolve(r, conf->resolver, conf->resolver_timeout)
        != NGX_OK)
    {
        ngx_http_zoom_reason_say(t, "check resolver",
                                "could not resolve %s",
                                t->proxied ? "proxy" : "host");
        ngx_http_zoom_client_finish(t, NGX_ERROR);
    }
}


static void
ngx_http_zoom_client_run(ngx_http_zoom_transfer_t *t)
{
    ngx_http_zoom_http_client_t  *client;

    client = t->client;

    if (ngx_http_zoom_transfer_start(t, NGX_HTTP_ZOOM_TRANSFER_RUNNING,
                                     client->conf->request_timeout)
        != NGX_OK)
    {
        ngx_http_zoom_reason_timeout(t);
        ngx_http_zoom_client_finish(t, NGX_ERROR);
        return;
    }

    if (ngx_http_zoom_transfer_setup(t) != NGX_OK
        || ngx_http_zoom_curl_add(&client->curl, &t->handle) != NGX_OK)
    {
        ngx_http_zoom_reason_say(t, NULL, "could not set up a request");
        ngx_http_zoom_client_finish(t, NGX_ERROR);
        return;
    }

    /* from now on curl keeps the time */

    ngx_http_zoom_client_clock(t, t->timeout + NGX_HTTP_ZOOM_CLIENT_GRACE);

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom client: %s %V:%d", t->body_len ? "POST" : "GET",
                   &t->host->name, (int) t->host->port);
}


/* The handler is called later, from the event loop. */

static void
ngx_http_zoom_client_finish(ngx_http_zoom_transfer_t *t, ngx_int_t rc)
{
    ngx_http_zoom_client_leave(t);

    t->rc = rc;
    t->state = NGX_HTTP_ZOOM_TRANSFER_DONE;

    ngx_queue_insert_tail(&ngx_http_zoom_client_done, &t->queue);

    /*
     * The next round: a caller that tries again at once must not keep the
     * event loop in this one.  The timer keeps an exiting worker until then.
     */

    if (!t->timer.timer_set) {
        ngx_add_timer(&t->timer, NGX_HTTP_ZOOM_CLIENT_GRACE);
    }

    ngx_post_event(&ngx_http_zoom_client_done_event,
                   &ngx_posted_next_events);
}


/* Takes a transfer out of whatever its state has put it into. */

static void
ngx_http_zoom_client_leave(ngx_http_zoom_transfer_t *t)
{
    switch (t->state) {

    case NGX_HTTP_ZOOM_TRANSFER_WAITING:
        ngx_queue_remove(&t->queue);
        t->host->nwaiting--;
        break;

    case NGX_HTTP_ZOOM_TRANSFER_RESOLVING:
    case NGX_HTTP_ZOOM_TRANSFER_RUNNING:
        ngx_http_zoom_curl_remove(&t->handle);

        if (t->handle.easy) {
            ngx_http_zoom_transfer_release(t);
        }

        ngx_http_zoom_resolve_done(&t->resolve);

        ngx_queue_remove(&t->queue);
        t->host->active--;
        ngx_http_zoom_client_pump(t->client);
        break;

    case NGX_HTTP_ZOOM_TRANSFER_DONE:
        ngx_queue_remove(&t->queue);
        break;

    default: /* NGX_HTTP_ZOOM_TRANSFER_NONE */
        break;
    }

    t->state = NGX_HTTP_ZOOM_TRANSFER_NONE;
}


static void
ngx_http_zoom_client_detach(ngx_http_zoom_transfer_t *t)
{
    ngx_http_zoom_client_leave(t);

    ngx_http_zoom_timer_stop(&t->timer);

    ngx_queue_remove(&t->link);
    t->client->used = ngx_current_msec;
    t->client = NULL;
}


static void
ngx_http_zoom_client_free(ngx_http_zoom_transfer_t *t)
{
    if (t->client) {
        ngx_http_zoom_client_detach(t);
    }

    ngx_http_zoom_transfer_destroy(t);
}


/*
 * An idle connection that the server closed just now, or an HTTP/2 one that
 * it gave up: curl does not try again in all such cases.
 */

static ngx_uint_t
ngx_http_zoom_client_again(ngx_http_zoom_transfer_t *t, CURLcode code)
{
    CURL  *e;
    long   opened;

    e = t->handle.easy;

    if (code != CURLE_SEND_ERROR
        && code != CURLE_RECV_ERROR
        && code != CURLE_GOT_NOTHING
        && code != CURLE_HTTP2
        && code != CURLE_HTTP2_STREAM)
    {
        return 0;
    }

    opened = 1;
    (void) curl_easy_getinfo(e, CURLINFO_NUM_CONNECTS, &opened);

    if (t->retried || t->header_len || opened || t->exchange->once) {
        return 0;
    }

    if ((ngx_msec_int_t) (t->deadline - ngx_current_msec) <= 0) {
        return 0;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom client: %V again", &t->host->name);

    t->retried = 1;
    t->handshake = 0;
    t->error[0] = '\0';

    return ngx_http_zoom_transfer_time(t) == CURLE_OK
           && curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
           && ngx_http_zoom_curl_add(&t->client->curl, &t->handle) == NGX_OK;
}

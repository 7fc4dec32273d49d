#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include <openssl/err.h>

#include "ngx_http_zoom_curl.h"
#include "ngx_http_zoom_fetch.h"
#include "ngx_http_zoom_resolve.h"
#include "ngx_http_zoom_version.h"


#define NGX_HTTP_ZOOM_FETCH_QUEUE      1024
#define NGX_HTTP_ZOOM_FETCH_HEADERS    16384
#define NGX_HTTP_ZOOM_FETCH_VALUE      256
#define NGX_HTTP_ZOOM_FETCH_BODY       4096
#define NGX_HTTP_ZOOM_FETCH_REASON     256

/* how long after its deadline a transfer is taken away from curl, ms */
#define NGX_HTTP_ZOOM_FETCH_GRACE      500


typedef enum {
    NGX_HTTP_ZOOM_FETCH_NONE = 0,
    NGX_HTTP_ZOOM_FETCH_WAITING,
    NGX_HTTP_ZOOM_FETCH_RESOLVING,
    NGX_HTTP_ZOOM_FETCH_RUNNING,
    NGX_HTTP_ZOOM_FETCH_DONE
} ngx_http_zoom_fetch_state_e;


enum {
    NGX_HTTP_ZOOM_FETCH_RETRY_AFTER = 0,
    NGX_HTTP_ZOOM_FETCH_DATE,
    NGX_HTTP_ZOOM_FETCH_TRACKING_ID,
    NGX_HTTP_ZOOM_FETCH_RATE_TYPE,
    NGX_HTTP_ZOOM_FETCH_RATE_CATEGORY,
    NGX_HTTP_ZOOM_FETCH_NHEADERS
};


typedef struct {
    size_t                         len;
    u_char                         data[NGX_HTTP_ZOOM_FETCH_VALUE];
} ngx_http_zoom_fetch_value_t;


/* The transfers to one origin host.  There are as many as origins. */

typedef struct {
    ngx_queue_t                    queue;
    ngx_str_t                      name;
    in_port_t                      port;
    ngx_queue_t                    waiting;
    ngx_uint_t                     nwaiting;
    ngx_uint_t                     active;
} ngx_http_zoom_fetch_host_t;


struct ngx_http_zoom_client_s {
    ngx_http_zoom_curl_t           curl;
    const ngx_http_zoom_client_conf_t  *conf;
    char                          *proxy;
    ngx_queue_t                    hosts;
    ngx_queue_t                    transfers;
    ngx_event_t                    pump;
    ngx_log_t                     *log;
    unsigned                       proxy_literal:1;
};


/*
 * A fetch as it runs.  "secret" holds the URL, the authorization header and
 * the body of the request.
 */

typedef struct {
    ngx_http_zoom_curl_handle_t    handle;
    ngx_http_zoom_fetch_t         *fetch;
    ngx_http_zoom_client_t        *client;
    ngx_http_zoom_fetch_host_t    *host;
    ngx_http_zoom_fetch_state_e    state;
    ngx_queue_t                    queue;      /* of the state */
    ngx_queue_t                    link;       /* of client->transfers */
    ngx_log_t                     *log;

    ngx_event_t                    timer;
    ngx_connection_t               dummy;
    ngx_msec_t                     timeout;
    ngx_msec_t                     deadline;

    ngx_http_zoom_resolve_t        resolve;

    u_char                        *secret;
    size_t                         secret_len;
    char                          *url;
    char                          *body;
    size_t                         body_len;
    struct curl_slist              headers[3];

    u_char                        *answer;
    size_t                         answer_len;
    size_t                         answer_size;
    size_t                         header_len;
    ngx_http_zoom_fetch_value_t    values[NGX_HTTP_ZOOM_FETCH_NHEADERS];

    ngx_int_t                      rc;
    long                           status;
    const char                    *advice;
    u_char                         reason[NGX_HTTP_ZOOM_FETCH_REASON];
    char                           error[CURL_ERROR_SIZE];

    unsigned                       https:1;
    unsigned                       literal:1;
    unsigned                       timedout:1;
    unsigned                       handshake:1;
    unsigned                       retried:1;
    unsigned                       head_ended:1;
    unsigned                       too_large:1;
    unsigned                       no_memory:1;
} ngx_http_zoom_fetch_transfer_t;


typedef struct {
    CURLcode                       code;
    const char                    *reason;
} ngx_http_zoom_fetch_word_t;


static void ngx_http_zoom_fetch_shutdown(void *data);
static void ngx_http_zoom_fetch_pump_handler(ngx_event_t *ev);
static void ngx_http_zoom_fetch_timer_handler(ngx_event_t *ev);
static void ngx_http_zoom_fetch_resolve_handler(ngx_http_zoom_resolve_t *r);
static void ngx_http_zoom_fetch_curl_handler(ngx_http_zoom_curl_handle_t *h,
    CURLcode code);
static void ngx_http_zoom_fetch_done_handler(ngx_event_t *ev);

static ngx_int_t ngx_http_zoom_fetch_check(const ngx_http_zoom_fetch_t *f);
static ngx_http_zoom_fetch_host_t *ngx_http_zoom_fetch_host(
    ngx_http_zoom_client_t *client, const ngx_http_zoom_origin_t *origin);
static ngx_http_zoom_fetch_transfer_t *ngx_http_zoom_fetch_transfer(
    ngx_http_zoom_client_t *client, ngx_http_zoom_fetch_t *f);
static ngx_int_t ngx_http_zoom_fetch_copy(ngx_http_zoom_fetch_transfer_t *t,
    const ngx_http_zoom_fetch_t *f);
static void ngx_http_zoom_fetch_pump(ngx_http_zoom_client_t *client);
static void ngx_http_zoom_fetch_begin(ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_run(ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_finish(ngx_http_zoom_fetch_transfer_t *t,
    ngx_int_t rc);
static void ngx_http_zoom_fetch_leave(ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_detach(ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_free(ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_fill(ngx_http_zoom_fetch_transfer_t *t);

static ngx_int_t ngx_http_zoom_fetch_setup(ngx_http_zoom_fetch_transfer_t *t);
static CURLcode ngx_http_zoom_fetch_setup_request(
    ngx_http_zoom_fetch_transfer_t *t);
static CURLcode ngx_http_zoom_fetch_setup_answer(
    ngx_http_zoom_fetch_transfer_t *t);
static CURLcode ngx_http_zoom_fetch_setup_network(
    ngx_http_zoom_fetch_transfer_t *t);
static CURLcode ngx_http_zoom_fetch_setup_tls(
    ngx_http_zoom_fetch_transfer_t *t);
static CURLcode ngx_http_zoom_fetch_setup_time(
    ngx_http_zoom_fetch_transfer_t *t);

static CURLcode ngx_http_zoom_fetch_ssl_ctx(CURL *easy, void *ctx,
    void *data);
static size_t ngx_http_zoom_fetch_header(char *data, size_t size, size_t n,
    void *userdata);
static void ngx_http_zoom_fetch_value(ngx_http_zoom_fetch_transfer_t *t,
    u_char *p, u_char *last);
static size_t ngx_http_zoom_fetch_body(char *data, size_t size, size_t n,
    void *userdata);

static ngx_uint_t ngx_http_zoom_fetch_again(ngx_http_zoom_fetch_transfer_t *t,
    CURLcode code);
static void ngx_http_zoom_fetch_explain(ngx_http_zoom_fetch_transfer_t *t,
    CURLcode code);
static void ngx_http_zoom_fetch_explain_connect(
    ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_explain_timeout(
    ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_explain_verify(
    ngx_http_zoom_fetch_transfer_t *t);
static void ngx_http_zoom_fetch_say(ngx_http_zoom_fetch_transfer_t *t,
    const char *advice, const char *fmt, ...);


static ngx_str_t  ngx_http_zoom_fetch_names[] = {
    ngx_string("retry-after"),
    ngx_string("date"),
    ngx_string("x-zm-trackingid"),
    ngx_string("x-ratelimit-type"),
    ngx_string("x-ratelimit-category")
};


static ngx_http_zoom_fetch_word_t  ngx_http_zoom_fetch_words[] = {
    { CURLE_GOT_NOTHING, "connection was closed before the answer" },
    { CURLE_PARTIAL_FILE, "connection was closed inside the answer" },
    { CURLE_WEIRD_SERVER_REPLY, "answer is not HTTP" },
    { CURLE_UNSUPPORTED_PROTOCOL, "answer is not HTTP" },
    { CURLE_BAD_CONTENT_ENCODING, "answer is not HTTP" },
    { CURLE_HTTP2, "HTTP/2 connection failed" },
    { CURLE_HTTP2_STREAM, "HTTP/2 stream failed" },
    { CURLE_FILESIZE_EXCEEDED, "answer is too large" },
    { CURLE_OUT_OF_MEMORY, "not enough memory" },
    { CURLE_OK, NULL }
};


/* those that ended, of all clients: a handler may destroy its own */

static ngx_queue_t       ngx_http_zoom_fetch_done;
static ngx_event_t       ngx_http_zoom_fetch_done_event;
static ngx_connection_t  ngx_http_zoom_fetch_dummy;


ngx_int_t
ngx_http_zoom_fetch_init_process(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    ngx_queue_init(&ngx_http_zoom_fetch_done);

    ngx_http_zoom_fetch_dummy.fd = (ngx_socket_t) -1;

    ev = &ngx_http_zoom_fetch_done_event;
    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->data = &ngx_http_zoom_fetch_dummy;
    ev->handler = ngx_http_zoom_fetch_done_handler;
    ev->log = cycle->log;

    return ngx_http_zoom_curl_init_process(cycle);
}


void
ngx_http_zoom_fetch_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_zoom_fetch_done_event.posted) {
        ngx_delete_posted_event(&ngx_http_zoom_fetch_done_event);
    }

    ngx_http_zoom_curl_exit_process();
}


ngx_http_zoom_client_t *
ngx_http_zoom_client_create(ngx_cycle_t *cycle,
    const ngx_http_zoom_client_conf_t *conf)
{
    CURLM                   *multi;
    CURLMcode                rc;
    ngx_http_zoom_client_t  *client;

    client = ngx_calloc(sizeof(ngx_http_zoom_client_t) + conf->proxy.len + 1,
                        cycle->log);
    if (client == NULL) {
        return NULL;
    }

    client->conf = conf;
    client->log = cycle->log;
    client->proxy = (char *) client + sizeof(ngx_http_zoom_client_t);
    ngx_memcpy(client->proxy, conf->proxy.data, conf->proxy.len);
    client->proxy_literal = ngx_http_zoom_resolve_literal(&conf->proxy_host);

    ngx_queue_init(&client->hosts);
    ngx_queue_init(&client->transfers);

    client->pump.handler = ngx_http_zoom_fetch_pump_handler;
    client->pump.log = cycle->log;

    client->curl.done = ngx_http_zoom_fetch_curl_handler;
    client->curl.shutdown = ngx_http_zoom_fetch_shutdown;
    client->curl.data = client;
    client->curl.log = cycle->log;

    if (ngx_http_zoom_curl_create(&client->curl) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "zoom fetch: could not make a client for \"%V\"",
                      &conf->name);
        ngx_free(client);
        return NULL;
    }

    client->pump.data = &client->curl.dummy;

    /* two hosts; a connection fewer than transfers would thrash */

    multi = client->curl.multi;

    rc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                           (long) conf->connections * 2);
    rc |= curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            (long) conf->connections);
    rc |= curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                            (long) (conf->http2 ? CURLPIPE_MULTIPLEX
                                                : CURLPIPE_NOTHING));

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "curl_multi_setopt() failed: %s",
                      curl_multi_strerror(rc));
        ngx_http_zoom_client_destroy(client);
        return NULL;
    }

    return client;
}


void
ngx_http_zoom_client_destroy(ngx_http_zoom_client_t *client)
{
    ngx_queue_t                     *q;
    ngx_http_zoom_fetch_host_t      *host;
    ngx_http_zoom_fetch_transfer_t  *t;

    while (!ngx_queue_empty(&client->transfers)) {
        q = ngx_queue_head(&client->transfers);
        t = ngx_queue_data(q, ngx_http_zoom_fetch_transfer_t, link);

        t->fetch->transfer = NULL;
        ngx_http_zoom_fetch_free(t);
    }

    ngx_http_zoom_curl_destroy(&client->curl);

    while (!ngx_queue_empty(&client->hosts)) {
        q = ngx_queue_head(&client->hosts);
        host = ngx_queue_data(q, ngx_http_zoom_fetch_host_t, queue);

        ngx_queue_remove(q);
        ngx_free(host);
    }

    if (client->pump.posted) {
        ngx_delete_posted_event(&client->pump);
    }

    ngx_free(client);
}


ngx_int_t
ngx_http_zoom_fetch(ngx_http_zoom_client_t *client, ngx_http_zoom_fetch_t *f)
{
    ngx_http_zoom_fetch_host_t      *host;
    ngx_http_zoom_fetch_transfer_t  *t;

    f->transfer = NULL;

    if (ngx_http_zoom_fetch_check(f) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, f->log, 0,
                      "zoom fetch: request to %V is malformed",
                      &f->origin->host);
        return NGX_ERROR;
    }

    host = ngx_http_zoom_fetch_host(client, f->origin);
    if (host == NULL) {
        return NGX_ERROR;
    }

    if (host->active + host->nwaiting
        >= client->conf->connections + NGX_HTTP_ZOOM_FETCH_QUEUE)
    {
        return NGX_BUSY;
    }

    t = ngx_http_zoom_fetch_transfer(client, f);
    if (t == NULL) {
        return NGX_ERROR;
    }

    t->host = host;
    t->state = NGX_HTTP_ZOOM_FETCH_WAITING;

    ngx_queue_insert_tail(&client->transfers, &t->link);
    ngx_queue_insert_tail(&host->waiting, &t->queue);
    host->nwaiting++;

    f->transfer = t;

    ngx_add_timer(&t->timer, t->timeout);

    ngx_http_zoom_fetch_pump(client);

    return NGX_OK;
}


void
ngx_http_zoom_fetch_cancel(ngx_http_zoom_fetch_t *f)
{
    ngx_http_zoom_fetch_transfer_t  *t;

    t = f->transfer;

    if (t == NULL) {
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom fetch: cancel %V", &t->host->name);

    f->transfer = NULL;

    ngx_http_zoom_fetch_free(t);
}


static void
ngx_http_zoom_fetch_shutdown(void *data)
{
    ngx_http_zoom_client_t *client = data;

    ngx_queue_t                     *q;
    ngx_http_zoom_fetch_transfer_t  *t;

    for (q = ngx_queue_head(&client->transfers);
         q != ngx_queue_sentinel(&client->transfers);
         q = ngx_queue_next(q))
    {
        t = ngx_queue_data(q, ngx_http_zoom_fetch_transfer_t, link);

        if (t->state != NGX_HTTP_ZOOM_FETCH_DONE) {
            ngx_http_zoom_fetch_say(t, NULL, "worker process is shut down");
            ngx_http_zoom_fetch_finish(t, NGX_ERROR);
        }
    }
}


static void
ngx_http_zoom_fetch_pump_handler(ngx_event_t *ev)
{
    ngx_queue_t                     *q, *w;
    ngx_connection_t                *c;
    ngx_http_zoom_client_t          *client;
    ngx_http_zoom_fetch_host_t      *host;
    ngx_http_zoom_fetch_transfer_t  *t;

    c = ev->data;
    client = ((ngx_http_zoom_curl_t *) c->data)->data;

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = ngx_queue_next(q))
    {
        host = ngx_queue_data(q, ngx_http_zoom_fetch_host_t, queue);

        while (host->active < client->conf->connections
               && !ngx_queue_empty(&host->waiting))
        {
            w = ngx_queue_head(&host->waiting);
            t = ngx_queue_data(w, ngx_http_zoom_fetch_transfer_t, queue);

            ngx_queue_remove(w);
            host->nwaiting--;
            host->active++;

            ngx_http_zoom_fetch_begin(t);
        }
    }
}


/* The only clock while curl has not got the transfer, a safety net later. */

static void
ngx_http_zoom_fetch_timer_handler(ngx_event_t *ev)
{
    ngx_connection_t                *c;
    ngx_http_zoom_fetch_transfer_t  *t;

    c = ev->data;
    t = c->data;

    if (t->state == NGX_HTTP_ZOOM_FETCH_DONE) {
        return;
    }

    ngx_http_zoom_fetch_explain_timeout(t);
    ngx_http_zoom_fetch_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_fetch_resolve_handler(ngx_http_zoom_resolve_t *r)
{
    ngx_http_zoom_fetch_transfer_t *t = r->data;

    if (r->list) {
        ngx_http_zoom_fetch_run(t);
        return;
    }

    t->timedout = r->timedout;

    ngx_http_zoom_fetch_say(t, "check resolver",
                            "could not resolve %s: %s",
                            t->client->proxy[0] ? "proxy" : "host", r->error);
    ngx_http_zoom_fetch_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_fetch_curl_handler(ngx_http_zoom_curl_handle_t *h, CURLcode code)
{
    ngx_http_zoom_fetch_transfer_t  *t;

    t = (ngx_http_zoom_fetch_transfer_t *) h;

    if (code == CURLE_OK) {
        (void) curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &t->status);

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, t->log, 0,
                       "zoom fetch: %V answered %l, %uz bytes",
                       &t->host->name, t->status, t->answer_len);

        ngx_http_zoom_fetch_finish(t, NGX_OK);
        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom fetch: %V failed with %d",
                   &t->host->name, (int) code);

    if (ngx_http_zoom_fetch_again(t, code)) {
        return;
    }

    ngx_http_zoom_fetch_explain(t, code);
    ngx_http_zoom_fetch_finish(t, NGX_ERROR);
}


static void
ngx_http_zoom_fetch_done_handler(ngx_event_t *ev)
{
    ngx_queue_t                     *q;
    ngx_http_zoom_fetch_t           *f;
    ngx_http_zoom_fetch_transfer_t  *t;

    while (!ngx_queue_empty(&ngx_http_zoom_fetch_done)) {
        q = ngx_queue_head(&ngx_http_zoom_fetch_done);
        t = ngx_queue_data(q, ngx_http_zoom_fetch_transfer_t, queue);

        f = t->fetch;
        f->transfer = NULL;

        ngx_http_zoom_fetch_fill(t);

        /* from here on nobody but us knows of the transfer */

        ngx_http_zoom_fetch_detach(t);

        f->handler(f);

        ngx_http_zoom_fetch_free(t);
    }
}


/* What is appended as it is must not change where the request goes. */

static ngx_int_t
ngx_http_zoom_fetch_check(const ngx_http_zoom_fetch_t *f)
{
    size_t  i;

    if (f->path.len && f->path.data[0] != '/' && f->path.data[0] != '?') {
        return NGX_ERROR;
    }

    for (i = 0; i < f->path.len; i++) {
        if (f->path.data[i] <= ' ' || f->path.data[i] >= 0x7f) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < f->authorization.len; i++) {
        if (f->authorization.data[i] < ' ' || f->authorization.data[i] >= 0x7f)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_http_zoom_fetch_host_t *
ngx_http_zoom_fetch_host(ngx_http_zoom_client_t *client,
    const ngx_http_zoom_origin_t *origin)
{
    ngx_queue_t                 *q;
    ngx_http_zoom_fetch_host_t  *host;

    for (q = ngx_queue_head(&client->hosts);
         q != ngx_queue_sentinel(&client->hosts);
         q = ngx_queue_next(q))
    {
        host = ngx_queue_data(q, ngx_http_zoom_fetch_host_t, queue);

        if (host->port == origin->port
            && host->name.len == origin->host.len
            && ngx_strncasecmp(host->name.data, origin->host.data,
                               host->name.len)
               == 0)
        {
            return host;
        }
    }

    host = ngx_calloc(sizeof(ngx_http_zoom_fetch_host_t) + origin->host.len,
                      client->log);
    if (host == NULL) {
        return NULL;
    }

    host->port = origin->port;
    host->name.len = origin->host.len;
    host->name.data = (u_char *) host + sizeof(ngx_http_zoom_fetch_host_t);
    ngx_memcpy(host->name.data, origin->host.data, origin->host.len);

    ngx_queue_init(&host->waiting);
    ngx_queue_insert_tail(&client->hosts, &host->queue);

    return host;
}


static ngx_http_zoom_fetch_transfer_t *
ngx_http_zoom_fetch_transfer(ngx_http_zoom_client_t *client,
    ngx_http_zoom_fetch_t *f)
{
    ngx_http_zoom_fetch_transfer_t  *t;

    t = ngx_calloc(sizeof(ngx_http_zoom_fetch_transfer_t), f->log);
    if (t == NULL) {
        return NULL;
    }

    t->fetch = f;
    t->client = client;
    t->log = f->log;
    t->https = f->origin->https;
    t->literal = f->origin->literal;

    t->timeout = ngx_min(f->timeout, client->conf->request_timeout);
    t->deadline = ngx_current_msec + t->timeout;

    t->dummy.fd = (ngx_socket_t) -1;
    t->dummy.data = t;
    t->timer.data = &t->dummy;
    t->timer.handler = ngx_http_zoom_fetch_timer_handler;
    t->timer.log = client->log;

    if (ngx_http_zoom_fetch_copy(t, f) != NGX_OK) {
        ngx_free(t);
        return NULL;
    }

    return t;
}


static ngx_int_t
ngx_http_zoom_fetch_copy(ngx_http_zoom_fetch_transfer_t *t,
    const ngx_http_zoom_fetch_t *f)
{
    u_char  *p;

    t->secret_len = f->origin->url.len + f->path.len + 1
                    + sizeof("Authorization: ") - 1 + f->authorization.len + 1
                    + f->body.len + 1;

    p = ngx_alloc(t->secret_len, t->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    t->secret = p;

    t->url = (char *) p;
    p = ngx_cpymem(p, f->origin->url.data, f->origin->url.len);
    p = ngx_cpymem(p, f->path.data, f->path.len);
    *p++ = '\0';

    /* curl copies the strings of lists that it makes, and does not wipe */

    t->headers[0].data = (char *) "Accept: application/json";
    t->headers[0].next = &t->headers[1];
    t->headers[1].data = (char *) "Expect:";

    if (f->authorization.len) {
        t->headers[1].next = &t->headers[2];
        t->headers[2].data = (char *) p;

        p = ngx_cpymem(p, "Authorization: ", sizeof("Authorization: ") - 1);
        p = ngx_cpymem(p, f->authorization.data, f->authorization.len);
        *p++ = '\0';
    }

    if (f->body.len) {
        t->body = (char *) p;
        t->body_len = f->body.len;

        p = ngx_cpymem(p, f->body.data, f->body.len);
        *p = '\0';
    }

    return NGX_OK;
}


static void
ngx_http_zoom_fetch_pump(ngx_http_zoom_client_t *client)
{
    ngx_post_event(&client->pump, &ngx_posted_events);
}


static void
ngx_http_zoom_fetch_begin(ngx_http_zoom_fetch_transfer_t *t)
{
    ngx_uint_t                          proxied;
    ngx_http_zoom_resolve_t            *r;
    const ngx_http_zoom_client_conf_t  *conf;

    conf = t->client->conf;
    proxied = (t->https && t->client->proxy[0]);

    t->state = NGX_HTTP_ZOOM_FETCH_RESOLVING;

    if (conf->resolver == NULL
        || (proxied ? t->client->proxy_literal : t->literal))
    {
        ngx_http_zoom_fetch_run(t);
        return;
    }

    r = &t->resolve;
    r->host = proxied ? conf->proxy_host : t->host->name;
    r->port = proxied ? conf->proxy_port : t->host->port;
    r->handler = ngx_http_zoom_fetch_resolve_handler;
    r->data = t;
    r->log = t->log;

    if (ngx_http_zoom_resolve(r, conf->resolver, conf->resolver_timeout)
        != NGX_OK)
    {
        ngx_http_zoom_fetch_say(t, "check resolver",
                                "could not resolve %s",
                                proxied ? "proxy" : "host");
        ngx_http_zoom_fetch_finish(t, NGX_ERROR);
    }
}


static void
ngx_http_zoom_fetch_run(ngx_http_zoom_fetch_transfer_t *t)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (t->deadline - ngx_current_msec);

    if (left <= 0) {
        ngx_http_zoom_fetch_explain_timeout(t);
        ngx_http_zoom_fetch_finish(t, NGX_ERROR);
        return;
    }

    if (ngx_http_zoom_fetch_setup(t) != NGX_OK
        || ngx_http_zoom_curl_add(&t->client->curl, &t->handle) != NGX_OK)
    {
        ngx_http_zoom_fetch_say(t, NULL, "could not set up a request");
        ngx_http_zoom_fetch_finish(t, NGX_ERROR);
        return;
    }

    /* from now on curl keeps the time */

    if (t->timer.timer_set) {
        ngx_del_timer(&t->timer);
    }

    ngx_add_timer(&t->timer, (ngx_msec_t) left + NGX_HTTP_ZOOM_FETCH_GRACE);

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom fetch: %s %V:%d", t->body_len ? "POST" : "GET",
                   &t->host->name, (int) t->host->port);

    t->state = NGX_HTTP_ZOOM_FETCH_RUNNING;
}


/* The handler is called later, from the event loop. */

static void
ngx_http_zoom_fetch_finish(ngx_http_zoom_fetch_transfer_t *t, ngx_int_t rc)
{
    ngx_http_zoom_fetch_leave(t);

    t->rc = rc;
    t->state = NGX_HTTP_ZOOM_FETCH_DONE;

    ngx_queue_insert_tail(&ngx_http_zoom_fetch_done, &t->queue);

    /*
     * The next round: a caller that tries again at once must not keep the
     * event loop in this one.  The timer keeps an exiting worker until then.
     */

    if (!t->timer.timer_set) {
        ngx_add_timer(&t->timer, NGX_HTTP_ZOOM_FETCH_GRACE);
    }

    ngx_post_event(&ngx_http_zoom_fetch_done_event, &ngx_posted_next_events);
}


/* Takes a transfer out of whatever its state has put it into. */

static void
ngx_http_zoom_fetch_leave(ngx_http_zoom_fetch_transfer_t *t)
{
    switch (t->state) {

    case NGX_HTTP_ZOOM_FETCH_WAITING:
        ngx_queue_remove(&t->queue);
        t->host->nwaiting--;
        break;

    case NGX_HTTP_ZOOM_FETCH_RESOLVING:
    case NGX_HTTP_ZOOM_FETCH_RUNNING:
        ngx_http_zoom_curl_remove(&t->handle);

        if (t->handle.easy) {
            curl_easy_cleanup(t->handle.easy);
            t->handle.easy = NULL;
            ERR_clear_error();
        }

        ngx_http_zoom_resolve_done(&t->resolve);

        t->host->active--;
        ngx_http_zoom_fetch_pump(t->client);
        break;

    case NGX_HTTP_ZOOM_FETCH_DONE:
        ngx_queue_remove(&t->queue);
        break;

    default: /* NGX_HTTP_ZOOM_FETCH_NONE */
        break;
    }

    t->state = NGX_HTTP_ZOOM_FETCH_NONE;
}


static void
ngx_http_zoom_fetch_detach(ngx_http_zoom_fetch_transfer_t *t)
{
    ngx_http_zoom_fetch_leave(t);

    if (t->timer.timer_set) {
        ngx_del_timer(&t->timer);
    }

    ngx_queue_remove(&t->link);
    t->client = NULL;
}


static void
ngx_http_zoom_fetch_free(ngx_http_zoom_fetch_transfer_t *t)
{
    if (t->client) {
        ngx_http_zoom_fetch_detach(t);
    }

    zoom_wipe(t->secret, t->secret_len);
    ngx_free(t->secret);

    if (t->answer) {
        zoom_wipe(t->answer, t->answer_size);
        ngx_free(t->answer);
    }

    ngx_free(t);
}


static void
ngx_http_zoom_fetch_fill(ngx_http_zoom_fetch_transfer_t *t)
{
    zoom_answer_t                *a;
    ngx_http_zoom_fetch_t        *f;
    ngx_http_zoom_fetch_value_t  *v;

    f = t->fetch;
    a = &f->answer;
    v = t->values;

    ngx_memzero(a, sizeof(zoom_answer_t));

    f->rc = t->rc;
    f->timedout = t->timedout;
    f->reason = NULL;
    f->advice = NULL;

    if (t->rc != NGX_OK) {
        f->reason = (char *) t->reason;
        f->advice = t->advice;
        return;
    }

    a->status = (int) t->status;

    a->body.data = t->answer;
    a->body.len = t->answer_len;

    a->retry_after.data = v[NGX_HTTP_ZOOM_FETCH_RETRY_AFTER].data;
    a->retry_after.len = v[NGX_HTTP_ZOOM_FETCH_RETRY_AFTER].len;

    a->date.data = v[NGX_HTTP_ZOOM_FETCH_DATE].data;
    a->date.len = v[NGX_HTTP_ZOOM_FETCH_DATE].len;

    a->tracking_id.data = v[NGX_HTTP_ZOOM_FETCH_TRACKING_ID].data;
    a->tracking_id.len = v[NGX_HTTP_ZOOM_FETCH_TRACKING_ID].len;

    a->rate_type.data = v[NGX_HTTP_ZOOM_FETCH_RATE_TYPE].data;
    a->rate_type.len = v[NGX_HTTP_ZOOM_FETCH_RATE_TYPE].len;

    a->rate_category.data = v[NGX_HTTP_ZOOM_FETCH_RATE_CATEGORY].data;
    a->rate_category.len = v[NGX_HTTP_ZOOM_FETCH_RATE_CATEGORY].len;
}


static ngx_int_t
ngx_http_zoom_fetch_setup(ngx_http_zoom_fetch_transfer_t *t)
{
    CURLcode  code;

    t->handle.easy = curl_easy_init();
    if (t->handle.easy == NULL) {
        return NGX_ERROR;
    }

    code = ngx_http_zoom_fetch_setup_request(t);
    code |= ngx_http_zoom_fetch_setup_answer(t);
    code |= ngx_http_zoom_fetch_setup_network(t);
    code |= ngx_http_zoom_fetch_setup_tls(t);
    code |= ngx_http_zoom_fetch_setup_time(t);

    return code == CURLE_OK ? NGX_OK : NGX_ERROR;
}


static CURLcode
ngx_http_zoom_fetch_setup_request(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_URL, t->url);
    code |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    code |= curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    code |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
    code |= curl_easy_setopt(e, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
    code |= curl_easy_setopt(e, CURLOPT_USERAGENT,
                             "ngx_zoom_module/" NGX_HTTP_ZOOM_VERSION);
    code |= curl_easy_setopt(e, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    code |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                             (long) (t->client->conf->http2
                                         ? CURL_HTTP_VERSION_2TLS
                                         : CURL_HTTP_VERSION_1_1));

#if (LIBCURL_VERSION_NUM >= 0x075500)
    code |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
                             t->https ? "https" : "http,https");
#else
    code |= curl_easy_setopt(e, CURLOPT_PROTOCOLS,
                             (long) (t->https
                                         ? CURLPROTO_HTTPS
                                         : CURLPROTO_HTTP|CURLPROTO_HTTPS));
#endif

    if (t->body) {
        code |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        code |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body);
        code |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t) t->body_len);
    }

    return code;
}


static CURLcode
ngx_http_zoom_fetch_setup_answer(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_HEADERFUNCTION,
                            ngx_http_zoom_fetch_header);
    code |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    code |= curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    code |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION,
                             ngx_http_zoom_fetch_body);
    code |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    code |= curl_easy_setopt(e, CURLOPT_MAXFILESIZE,
                             (long) ZOOM_ANSWER_BODY_MAX);
    code |= curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    code |= curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    code |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);

    return code;
}


/* Nothing of the environment may send credentials elsewhere. */

static CURLcode
ngx_http_zoom_fetch_setup_network(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_PROXY,
                            t->https ? t->client->proxy : "");
    code |= curl_easy_setopt(e, CURLOPT_NOPROXY, "");
    code |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);

#if (LIBCURL_VERSION_NUM >= 0x075700)
    code |= curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
#endif

    if (t->resolve.list) {
        code |= curl_easy_setopt(e, CURLOPT_RESOLVE, t->resolve.list);
    }

    return code;
}


static CURLcode
ngx_http_zoom_fetch_setup_tls(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    code |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    code |= curl_easy_setopt(e, CURLOPT_SSLVERSION,
                             (long) CURL_SSLVERSION_TLSv1_2);

    /* the store comes from the master, no file is read here */

    code |= curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
    code |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    code |= curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION,
                             ngx_http_zoom_fetch_ssl_ctx);
    code |= curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, t);

#if (LIBCURL_VERSION_NUM >= 0x075700)
    code |= curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif

    return code;
}


/* What the queue and the resolver took has gone from the time already. */

static CURLcode
ngx_http_zoom_fetch_setup_time(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL            *e;
    CURLcode         code;
    ngx_msec_t       connect, total;
    ngx_msec_int_t   left;

    e = t->handle.easy;

    left = (ngx_msec_int_t) (t->deadline - ngx_current_msec);
    left = ngx_max(left, 1);

    connect = ngx_min(t->client->conf->connect_timeout, (ngx_msec_t) left);
    total = t->client->conf->request_timeout;

    code = curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long) left);
    code |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long) connect);
    code |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    code |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
                             (long) (total / 1000 + 1));

    return code;
}


static CURLcode
ngx_http_zoom_fetch_ssl_ctx(CURL *easy, void *ctx, void *data)
{
    ngx_http_zoom_fetch_transfer_t *t = data;

    X509_STORE  *store;

    t->handshake = 1;

    store = t->client->conf->store;

    if (store == NULL) {
        return CURLE_SSL_CACERT_BADFILE;
    }

    SSL_CTX_set1_cert_store(ctx, store);

    return CURLE_OK;
}


static size_t
ngx_http_zoom_fetch_header(char *data, size_t size, size_t n, void *userdata)
{
    ngx_http_zoom_fetch_transfer_t *t = userdata;

    size_t   len;
    u_char  *p;

    len = size * n;
    p = (u_char *) data;

    t->header_len += len;

    if (t->header_len > NGX_HTTP_ZOOM_FETCH_HEADERS) {
        t->too_large = 1;
        return 0;
    }

    /* the answer follows after "100 Continue"; trailers are not wanted */

    if (len > 5 && ngx_strncmp(p, "HTTP/", 5) == 0) {
        t->head_ended = 0;
        ngx_memzero(t->values, sizeof(t->values));
        return len;
    }

    if (len && (*p == CR || *p == LF)) {
        t->head_ended = 1;
    }

    if (!t->head_ended) {
        ngx_http_zoom_fetch_value(t, p, p + len);
    }

    return len;
}


static void
ngx_http_zoom_fetch_value(ngx_http_zoom_fetch_transfer_t *t, u_char *p,
    u_char *last)
{
    u_char                       *colon;
    ngx_str_t                    *name;
    ngx_uint_t                    i;
    ngx_http_zoom_fetch_value_t  *v;

    colon = ngx_strlchr(p, last, ':');
    if (colon == NULL) {
        return;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_FETCH_NHEADERS; i++) {
        name = &ngx_http_zoom_fetch_names[i];

        if ((size_t) (colon - p) == name->len
            && ngx_strncasecmp(p, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (i == NGX_HTTP_ZOOM_FETCH_NHEADERS) {
        return;
    }

    for (p = colon + 1; p < last && (*p == ' ' || *p == '\t'); p++) {
        /* void */
    }

    while (p < last && last[-1] <= ' ') {
        last--;
    }

    v = &t->values[i];
    v->len = ngx_min((size_t) (last - p), NGX_HTTP_ZOOM_FETCH_VALUE);
    ngx_memcpy(v->data, p, v->len);
}


static size_t
ngx_http_zoom_fetch_body(char *data, size_t size, size_t n, void *userdata)
{
    ngx_http_zoom_fetch_transfer_t *t = userdata;

    size_t   len, room;
    u_char  *p;

    len = size * n;

    if (len > ZOOM_ANSWER_BODY_MAX - t->answer_len) {
        t->too_large = 1;
        return 0;
    }

    if (len > t->answer_size - t->answer_len) {
        room = ngx_max(t->answer_size * 2, NGX_HTTP_ZOOM_FETCH_BODY);

        while (room < t->answer_len + len) {
            room *= 2;
        }

        p = ngx_alloc(room, t->log);
        if (p == NULL) {
            t->no_memory = 1;
            return 0;
        }

        if (t->answer) {
            ngx_memcpy(p, t->answer, t->answer_len);
            zoom_wipe(t->answer, t->answer_size);
            ngx_free(t->answer);
        }

        t->answer = p;
        t->answer_size = room;
    }

    ngx_memcpy(t->answer + t->answer_len, data, len);
    t->answer_len += len;

    return len;
}


/*
 * An idle connection that the server closed just now, or an HTTP/2 one that
 * it gave up: curl does not try again in all such cases.
 */

static ngx_uint_t
ngx_http_zoom_fetch_again(ngx_http_zoom_fetch_transfer_t *t, CURLcode code)
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

    if (t->retried || t->header_len || opened) {
        return 0;
    }

    if ((ngx_msec_int_t) (t->deadline - ngx_current_msec) <= 0) {
        return 0;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "zoom fetch: %V again", &t->host->name);

    t->retried = 1;
    t->handshake = 0;
    t->error[0] = '\0';

    return ngx_http_zoom_fetch_setup_time(t) == CURLE_OK
           && curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
           && ngx_http_zoom_curl_add(&t->client->curl, &t->handle) == NGX_OK;
}


static void
ngx_http_zoom_fetch_explain(ngx_http_zoom_fetch_transfer_t *t, CURLcode code)
{
    long                         proxy;
    ngx_http_zoom_fetch_word_t  *w;

    if (t->handle.trouble) {
        ngx_http_zoom_fetch_say(t, NULL, "%s", t->handle.trouble);
        return;
    }

    if (t->too_large) {
        ngx_http_zoom_fetch_say(t, NULL, "answer is too large");
        return;
    }

    if (t->no_memory) {
        ngx_http_zoom_fetch_say(t, NULL, "not enough memory");
        return;
    }

    proxy = 0;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_HTTP_CONNECTCODE,
                             &proxy);

    if (proxy && proxy / 100 != 2) {
        ngx_http_zoom_fetch_say(t, "check proxy", "proxy answered %l", proxy);
        return;
    }

    switch (code) {

    case CURLE_COULDNT_RESOLVE_HOST:
        ngx_http_zoom_fetch_say(t, "check resolver",
                                "could not resolve host");
        return;

    case CURLE_COULDNT_RESOLVE_PROXY:
        ngx_http_zoom_fetch_say(t, "check resolver",
                                "could not resolve proxy");
        return;

    case CURLE_COULDNT_CONNECT:
        ngx_http_zoom_fetch_explain_connect(t);
        return;

    case CURLE_OPERATION_TIMEDOUT:
        ngx_http_zoom_fetch_explain_timeout(t);
        return;

    case CURLE_PEER_FAILED_VERIFICATION:
        ngx_http_zoom_fetch_explain_verify(t);
        return;

    case CURLE_SSL_CONNECT_ERROR:
        ngx_http_zoom_fetch_say(t, NULL, "TLS: handshake failed: %s",
                                t->error);
        return;

    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        ngx_http_zoom_fetch_say(t, NULL, "connection was reset%s",
                                t->header_len ? " inside the answer" : "");
        return;

    default:
        break;
    }

    for (w = ngx_http_zoom_fetch_words; w->reason; w++) {
        if (w->code == code) {
            ngx_http_zoom_fetch_say(t, NULL, "%s", w->reason);
            return;
        }
    }

    ngx_http_zoom_fetch_say(t, NULL, "%s", curl_easy_strerror(code));
}


static void
ngx_http_zoom_fetch_explain_connect(ngx_http_zoom_fetch_transfer_t *t)
{
    long         err;
    u_char      *p, text[NGX_MAX_ERROR_STR / 16];
    const char  *advice;

    err = 0;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_OS_ERRNO, &err);

    if (err == 0) {
        ngx_http_zoom_fetch_say(t, NULL, "could not connect");
        return;
    }

    advice = NULL;

    if (err == NGX_EACCES || err == NGX_EPERM) {
        advice = "setsebool -P httpd_can_network_connect 1";

    } else if (t->https && t->client->proxy[0]) {
        advice = "check proxy";
    }

    p = ngx_strerror((ngx_err_t) err, text, sizeof(text) - 1);
    *p = '\0';

    ngx_http_zoom_fetch_say(t, advice, "could not connect: %s", text);
}


static void
ngx_http_zoom_fetch_explain_timeout(ngx_http_zoom_fetch_transfer_t *t)
{
    CURL        *e;
    char        *phase;
    ngx_msec_t   limit;
    curl_off_t   resolved, sent;

    e = t->handle.easy;
    limit = t->timeout;

    resolved = 0;
    sent = 0;

    if (e) {
        (void) curl_easy_getinfo(e, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
        (void) curl_easy_getinfo(e, CURLINFO_PRETRANSFER_TIME_T, &sent);
    }

    if (t->state == NGX_HTTP_ZOOM_FETCH_WAITING) {
        phase = "waiting for a connection";

    } else if (resolved == 0) {
        phase = "resolving";

    } else if (t->header_len) {
        phase = "reading the answer";

    } else if (sent) {
        phase = "waiting for the answer";

    } else {
        phase = t->handshake ? "in the TLS handshake" : "connecting";

        if ((ngx_msec_int_t) (t->deadline - ngx_current_msec) > 0) {
            limit = ngx_min(limit, t->client->conf->connect_timeout);
        }
    }

    t->timedout = 1;

    ngx_http_zoom_fetch_say(t, NULL, "timed out after %M ms while %s", limit,
                            phase);
}


static void
ngx_http_zoom_fetch_explain_verify(ngx_http_zoom_fetch_transfer_t *t)
{
    char  *text;
    long   result;

    result = X509_V_OK;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_SSL_VERIFYRESULT,
                             &result);

    /* a good chain, but for another name: curl leaves 0 or 1 here */

    if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED) {
        text = t->error;

        if (ngx_strncmp(text, "SSL: ", 5) == 0) {
            text += 5;
        }

        ngx_http_zoom_fetch_say(t, "check the host of the URL",
                                "TLS: certificate verify failed: %s", text);
        return;
    }

    ngx_http_zoom_fetch_say(t, "check trusted_certificate",
                            "TLS: certificate verify failed: %s",
                            X509_verify_cert_error_string(result));
}


static void
ngx_http_zoom_fetch_say(ngx_http_zoom_fetch_transfer_t *t, const char *advice,
    const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    t->advice = advice;

    last = t->reason + NGX_HTTP_ZOOM_FETCH_REASON - 1;

    va_start(args, fmt);
    last = ngx_vslprintf(t->reason, last, fmt, args);
    va_end(args);

    *last = '\0';

    /* a proxy or a server may have had its say in this */

    for (p = t->reason; p < last; p++) {
        if (*p < ' ' || *p >= 0x7f) {
            *p = '?';
        }
    }
}

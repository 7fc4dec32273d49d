#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/err.h>

#include "ngx_http_zoom_heap.h"
#include "ngx_http_zoom_transfer.h"
#include "ngx_http_zoom_version.h"


static time_t ngx_http_zoom_transfer_date(ngx_http_zoom_transfer_value_t *v);
static ngx_int_t ngx_http_zoom_transfer_copy(ngx_http_zoom_transfer_t *t,
    const ngx_http_zoom_exchange_t *f);
static u_char *ngx_http_zoom_transfer_target(u_char *p,
    const ngx_http_zoom_exchange_t *f);

static struct curl_slist *ngx_http_zoom_transfer_field(
    struct curl_slist *last, const char *field);

static CURLcode ngx_http_zoom_transfer_make(ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_make_request(
    ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_post(ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_make_answer(
    ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_make_network(
    ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_make_tls(ngx_http_zoom_transfer_t *t);
static CURLcode ngx_http_zoom_transfer_own(CURL *e,
    ngx_http_zoom_transfer_t *t);

#ifdef CURL_PREREQFUNC_OK
static int ngx_http_zoom_transfer_sending(void *data, char *to, char *from,
    int to_port, int from_port);
static void ngx_http_zoom_transfer_cleanse(ngx_http_zoom_transfer_t *t);
#endif
static CURLcode ngx_http_zoom_transfer_ssl_ctx(CURL *easy, void *ctx,
    void *data);
static size_t ngx_http_zoom_transfer_header(char *data, size_t size, size_t n,
    void *userdata);
static void ngx_http_zoom_transfer_value(ngx_http_zoom_transfer_t *t,
    u_char *p, u_char *last);
static size_t ngx_http_zoom_transfer_body(char *data, size_t size, size_t n,
    void *userdata);


static ngx_str_t  ngx_http_zoom_transfer_names[] = {
    ngx_string("retry-after"),
    ngx_string("date"),
    ngx_string("x-zm-trackingid"),
    ngx_string("x-ratelimit-type"),
    ngx_string("x-ratelimit-category")
};


ngx_http_zoom_transfer_t *
ngx_http_zoom_transfer_create(ngx_http_zoom_http_client_t *client,
    ngx_http_zoom_exchange_t *f)
{
    ngx_http_zoom_transfer_t  *t;

    t = ngx_calloc(sizeof(ngx_http_zoom_transfer_t), f->log);
    if (t == NULL) {
        return NULL;
    }

    t->exchange = f;
    t->client = client;
    t->log = f->log;
    t->https = f->origin->https;
    t->literal = f->origin->literal;

    /* a plain request would show the proxy its credentials */

    t->proxied = (t->https && client->proxy[0]);

    t->created = ngx_current_msec;

    t->plain = (t->https && f->body.len == 0 && !f->method && !f->once);

    t->body_max = f->body_max ? f->body_max : ZOOM_RESPONSE_BODY_MAX;

    if (ngx_http_zoom_transfer_copy(t, f) != NGX_OK) {
        ngx_free(t);
        return NULL;
    }

    if (f->traceless) {
        t->traceless = 1;
        ngx_http_zoom_heap_begin_wiping();
    }

    if (f->method) {
        t->head = ngx_alloc(NGX_HTTP_ZOOM_TRANSFER_HEADERS, t->log);

        if (t->head == NULL) {
            ngx_http_zoom_transfer_destroy(t);
            return NULL;
        }
    }

    return t;
}


void
ngx_http_zoom_transfer_destroy(ngx_http_zoom_transfer_t *t)
{
    zoom_wipe(t->secret, t->secret_len);
    ngx_free(t->secret);

    if (t->answer) {
        zoom_wipe(t->answer, t->answer_len);
        ngx_free(t->answer);
    }

    if (t->head) {
        ngx_free(t->head);
    }

    if (t->traceless) {
        ngx_http_zoom_heap_end_wiping();
    }

    ngx_free(t);
}


ngx_int_t
ngx_http_zoom_transfer_start(ngx_http_zoom_transfer_t *t,
    ngx_http_zoom_transfer_state_e state, ngx_msec_t time)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) time;

    if (t->exchange->timeout) {
        left = (ngx_msec_int_t) (t->created + t->exchange->timeout
                                 - ngx_current_msec);
    }

    t->cut = (left < (ngx_msec_int_t) time);

    left = ngx_max(left, 0);

    t->state = state;
    t->started = ngx_current_msec;
    t->timeout = ngx_min(time, (ngx_msec_t) left);
    t->deadline = t->started + t->timeout;

    return t->timeout ? NGX_OK : NGX_ERROR;
}


/*
 * What all plain requests of a client have in common is told to curl once:
 * a handle that is done waits for the next one.
 */

ngx_int_t
ngx_http_zoom_transfer_setup(ngx_http_zoom_transfer_t *t)
{
    CURLcode                      code;
    ngx_http_zoom_http_client_t  *client;

    client = t->client;
    code = CURLE_OK;

    if (t->plain && client->nidle) {
        t->handle.easy = client->idle[--client->nidle];

    } else {
        t->handle.easy = curl_easy_init();
        if (t->handle.easy == NULL) {
            return NGX_ERROR;
        }

        code = ngx_http_zoom_transfer_make(t);
    }

    code |= ngx_http_zoom_transfer_own(t->handle.easy, t);
    code |= ngx_http_zoom_transfer_time(t);

    return code == CURLE_OK ? NGX_OK : NGX_ERROR;
}


void
ngx_http_zoom_transfer_release(ngx_http_zoom_transfer_t *t)
{
    CURL                         *e;
    ngx_http_zoom_http_client_t  *client;

    e = t->handle.easy;
    client = t->client;

    t->handle.easy = NULL;

    /* one that failed may have been told more */

    if (t->plain && t->status && !t->retried
        && client->nidle < client->bound
        && ngx_http_zoom_transfer_own(e, NULL) == CURLE_OK)
    {
        client->idle[client->nidle++] = e;
        return;
    }

    curl_easy_cleanup(e);

    ERR_clear_error();
}


CURLcode
ngx_http_zoom_transfer_time(ngx_http_zoom_transfer_t *t)
{
    CURL            *e;
    CURLcode         code;
    ngx_msec_t       connect;
    ngx_msec_int_t   left;

    e = t->handle.easy;

    left = (ngx_msec_int_t) (t->deadline - ngx_current_msec);
    left = ngx_max(left, 1);

    connect = ngx_min(t->client->conf->connect_timeout, (ngx_msec_t) left);

    code = curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long) left);
    code |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long) connect);

    return code;
}


void
ngx_http_zoom_transfer_fill(ngx_http_zoom_transfer_t *t)
{
    zoom_response_t                 *a;
    ngx_http_zoom_exchange_t        *f;
    ngx_http_zoom_transfer_value_t  *v;

    f = t->exchange;
    a = &f->response;
    v = t->values;

    ngx_memzero(a, sizeof(zoom_response_t));

    f->rc = t->rc;
    f->timedout = t->timedout;
    f->too_large = t->too_large;
    f->queued = t->queued;
    f->ours = t->ours;
    f->untrusted = t->untrusted;
    f->reason = NULL;
    f->advice = NULL;
    ngx_str_null(&f->head);

    if (t->rc != NGX_OK) {
        f->reason = (char *) t->reason;
        f->advice = t->advice;
        return;
    }

    a->status = (int) t->status;

    f->head.data = t->head;
    f->head.len = t->head_len;

    a->body.data = t->answer;
    a->body.len = t->answer_len;

    a->retry_after.data = v[NGX_HTTP_ZOOM_TRANSFER_RETRY_AFTER].data;
    a->retry_after.len = v[NGX_HTTP_ZOOM_TRANSFER_RETRY_AFTER].len;

    a->retry_at = ngx_http_zoom_transfer_date(
                                       &v[NGX_HTTP_ZOOM_TRANSFER_RETRY_AFTER]);
    a->date = ngx_http_zoom_transfer_date(&v[NGX_HTTP_ZOOM_TRANSFER_DATE]);

    a->tracking_id.data = v[NGX_HTTP_ZOOM_TRANSFER_TRACKING_ID].data;
    a->tracking_id.len = v[NGX_HTTP_ZOOM_TRANSFER_TRACKING_ID].len;

    a->rate_type.data = v[NGX_HTTP_ZOOM_TRANSFER_RATE_TYPE].data;
    a->rate_type.len = v[NGX_HTTP_ZOOM_TRANSFER_RATE_TYPE].len;

    a->rate_category.data = v[NGX_HTTP_ZOOM_TRANSFER_RATE_CATEGORY].data;
    a->rate_category.len = v[NGX_HTTP_ZOOM_TRANSFER_RATE_CATEGORY].len;
}


static time_t
ngx_http_zoom_transfer_date(ngx_http_zoom_transfer_value_t *v)
{
    time_t  t;

    t = ngx_parse_http_time(v->data, v->len);

    return (t == NGX_ERROR) ? 0 : t;
}


static ngx_int_t
ngx_http_zoom_transfer_copy(ngx_http_zoom_transfer_t *t,
    const ngx_http_zoom_exchange_t *f)
{
    u_char             *p;
    struct curl_slist  *h;

    t->secret_len = 1 + f->origin->path.len + f->path.len + 1
                    + sizeof("Authorization: ") - 1 + f->authorization.len + 1
                    + f->body.len + 1;

    p = ngx_alloc(t->secret_len, t->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    t->secret = p;

    t->target = (char *) p;
    p = ngx_http_zoom_transfer_target(p, f);

    /* curl copies the strings of lists that it makes, and does not wipe */

    h = t->headers;
    h->data = (char *) "Accept: application/json";

    h = ngx_http_zoom_transfer_field(h, "User-Agent: ngx_zoom_module/"
                                        NGX_HTTP_ZOOM_VERSION);

    /* of a long body curl would ask whether it is wanted */

    if (f->body.len) {
        h = ngx_http_zoom_transfer_field(h, "Expect:");
    }

    if (f->json && f->body.len) {
        h = ngx_http_zoom_transfer_field(h, "Content-Type: application/json");
    }

    if (f->authorization.len) {
        (void) ngx_http_zoom_transfer_field(h, (char *) p);

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


/* As it goes over the wire, with a zero behind it; curl takes it as it is. */

static u_char *
ngx_http_zoom_transfer_target(u_char *p, const ngx_http_zoom_exchange_t *f)
{
    if (f->origin->path.len) {
        p = ngx_cpymem(p, f->origin->path.data, f->origin->path.len);

    } else if (f->path.len == 0 || f->path.data[0] != '/') {
        *p++ = '/';
    }

    if (f->path.len) {
        p = ngx_cpymem(p, f->path.data, f->path.len);
    }

    *p++ = '\0';

    return p;
}


static struct curl_slist *
ngx_http_zoom_transfer_field(struct curl_slist *last, const char *field)
{
    last->next = last + 1;
    last->next->data = (char *) field;

    return last->next;
}


static CURLcode
ngx_http_zoom_transfer_make(ngx_http_zoom_transfer_t *t)
{
    CURLcode  code;

    code = ngx_http_zoom_transfer_make_request(t);
    code |= ngx_http_zoom_transfer_make_answer(t);
    code |= ngx_http_zoom_transfer_make_network(t);
    code |= ngx_http_zoom_transfer_make_tls(t);

    return code;
}


static CURLcode
ngx_http_zoom_transfer_make_request(ngx_http_zoom_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    code |= curl_easy_setopt(e, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
    code |= curl_easy_setopt(e, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    code |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                             (long) (t->client->conf->http2 && !t->traceless
                                         ? CURL_HTTP_VERSION_2TLS
                                         : CURL_HTTP_VERSION_1_1));

    code |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
                             t->https ? "https" : "http,https");

    if (!t->plain) {
        code |= ngx_http_zoom_transfer_post(t);
    }

    return code;
}


static CURLcode
ngx_http_zoom_transfer_post(ngx_http_zoom_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;
    code = CURLE_OK;

    if (t->body) {
        code |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        code |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body);
        code |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t) t->body_len);
    }

    if (t->exchange->method) {
        code |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->exchange->method);
    }

    /* one that was idle may be dead, and nobody knows what was sent there */

    if (t->exchange->once) {
        code |= curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    }

    return code;
}


static CURLcode
ngx_http_zoom_transfer_make_answer(ngx_http_zoom_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_HEADERFUNCTION,
                            ngx_http_zoom_transfer_header);
    code |= curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    code |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION,
                             ngx_http_zoom_transfer_body);
    code |= curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    code |= curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);

    return code;
}


/* Nothing of the environment may send credentials elsewhere. */

static CURLcode
ngx_http_zoom_transfer_make_network(ngx_http_zoom_transfer_t *t)
{
    CURL        *e;
    CURLcode     code;
    ngx_msec_t   total;

    e = t->handle.easy;
    total = t->client->conf->request_timeout;

    code = curl_easy_setopt(e, CURLOPT_PROXY,
                            t->proxied ? t->client->proxy : "");
    code |= curl_easy_setopt(e, CURLOPT_NOPROXY, "");
    code |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    code |= curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    code |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    code |= curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
                             (long) (total / 1000 + 1));

#ifdef CURL_PREREQFUNC_OK
    code |= curl_easy_setopt(e, CURLOPT_PREREQFUNCTION,
                             ngx_http_zoom_transfer_sending);
#endif

    return code;
}


static CURLcode
ngx_http_zoom_transfer_make_tls(ngx_http_zoom_transfer_t *t)
{
    CURL      *e;
    CURLcode   code;

    e = t->handle.easy;

    code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    code |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    code |= curl_easy_setopt(e, CURLOPT_SSLVERSION,
                             (long) CURL_SSLVERSION_TLSv1_2);

    /* a session of one handle is of no use to the others */

    code |= curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);

    /* the store comes from the master, no file is read here */

    code |= curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
    code |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    code |= curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION,
                             ngx_http_zoom_transfer_ssl_ctx);
    code |= curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L);

    return code;
}


/*
 * Sets what belongs to one transfer, or clears it for an idle handle.  Of an
 * URL with path and query curl would read all, and then print the query one
 * character after the other.  The host's is given as text as well: curl uses
 * that when it sends a request again over another connection.
 */

static CURLcode
ngx_http_zoom_transfer_own(CURL *e, ngx_http_zoom_transfer_t *t)
{
    CURLcode  code;

    code = curl_easy_setopt(e, CURLOPT_CURLU, t ? t->host->address : NULL);
    code |= curl_easy_setopt(e, CURLOPT_URL, t ? t->host->url : NULL);
    code |= curl_easy_setopt(e, CURLOPT_REQUEST_TARGET, t ? t->target : NULL);
    code |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, t ? t->headers : NULL);
    code |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    code |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    code |= curl_easy_setopt(e, CURLOPT_MAXFILESIZE,
                             t ? (long) t->body_max : 0L);
    code |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t ? t->error : NULL);
    code |= curl_easy_setopt(e, CURLOPT_RESOLVE, t ? t->resolve.list : NULL);
    code |= curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, t);

#ifdef CURL_PREREQFUNC_OK
    code |= curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
#endif

    return code;
}


#ifdef CURL_PREREQFUNC_OK


static int
ngx_http_zoom_transfer_sending(void *data, char *to, char *from, int to_port,
    int from_port)
{
    ngx_http_zoom_transfer_t  *t = data;

    if (t->exchange->sending) {
        t->exchange->sending(t->exchange);
    }

    if (t->traceless) {
        ngx_http_zoom_transfer_cleanse(t);
    }

    return CURL_PREREQFUNC_OK;
}


/*
 * OpenSSL frees what it has decrypted as it is.  The connection may be older
 * than this transfer, and others are spared 17 KB of zeros for each answer.
 */

static void
ngx_http_zoom_transfer_cleanse(ngx_http_zoom_transfer_t *t)
{
#ifdef SSL_OP_CLEANSE_PLAINTEXT

    struct curl_tlssessioninfo  *tls;

    tls = NULL;

    if (curl_easy_getinfo(t->handle.easy, CURLINFO_TLS_SSL_PTR, &tls)
        == CURLE_OK
        && tls && tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals)
    {
        SSL_set_options(tls->internals, SSL_OP_CLEANSE_PLAINTEXT);
    }

#endif
}

#endif


static CURLcode
ngx_http_zoom_transfer_ssl_ctx(CURL *easy, void *ctx, void *data)
{
    ngx_http_zoom_transfer_t  *t = data;

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
ngx_http_zoom_transfer_header(char *data, size_t size, size_t n, void *userdata)
{
    ngx_http_zoom_transfer_t  *t = userdata;

    size_t   len;
    u_char  *p;

    len = size * n;
    p = (u_char *) data;

    t->header_len += len;

    if (t->header_len > NGX_HTTP_ZOOM_TRANSFER_HEADERS) {
        t->too_large = 1;
        return 0;
    }

    /* the answer follows after "100 Continue"; trailers are not wanted */

    if (len > 5 && ngx_strncmp(p, "HTTP/", 5) == 0) {
        t->head_ended = 0;
        t->head_len = 0;
        ngx_memzero(t->values, sizeof(t->values));
        return len;
    }

    if (len && (*p == CR || *p == LF)) {
        t->head_ended = 1;
    }

    if (!t->head_ended) {
        ngx_http_zoom_transfer_value(t, p, p + len);

        /* all of them together are within the bound */

        if (t->head) {
            ngx_memcpy(t->head + t->head_len, p, len);
            t->head_len += len;
        }
    }

    return len;
}


static void
ngx_http_zoom_transfer_value(ngx_http_zoom_transfer_t *t, u_char *p,
    u_char *last)
{
    u_char                          *colon;
    ngx_str_t                       *name;
    ngx_uint_t                       i;
    ngx_http_zoom_transfer_value_t  *v;

    colon = ngx_strlchr(p, last, ':');
    if (colon == NULL) {
        return;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_TRANSFER_NHEADERS; i++) {
        name = &ngx_http_zoom_transfer_names[i];

        if ((size_t) (colon - p) == name->len
            && ngx_strncasecmp(p, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (i == NGX_HTTP_ZOOM_TRANSFER_NHEADERS) {
        return;
    }

    for (p = colon + 1; p < last && (*p == ' ' || *p == '\t'); p++) {
        /* void */
    }

    while (p < last && last[-1] <= ' ') {
        last--;
    }

    v = &t->values[i];
    v->len = ngx_min((size_t) (last - p), NGX_HTTP_ZOOM_TRANSFER_VALUE);
    ngx_memcpy(v->data, p, v->len);
}


static size_t
ngx_http_zoom_transfer_body(char *data, size_t size, size_t n, void *userdata)
{
    ngx_http_zoom_transfer_t  *t = userdata;

    size_t   len, room;
    u_char  *p;

    len = size * n;

    if (len > t->body_max - t->answer_len) {
        t->too_large = 1;
        return 0;
    }

    if (len > t->answer_size - t->answer_len) {
        room = ngx_max(t->answer_size * 2, NGX_HTTP_ZOOM_TRANSFER_BODY);

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
            zoom_wipe(t->answer, t->answer_len);
            ngx_free(t->answer);
        }

        t->answer = p;
        t->answer_size = room;
    }

    ngx_memcpy(t->answer + t->answer_len, data, len);
    t->answer_len += len;

    /* a buffer of curl's, which from 8.8 outlives the transfer */

    if (t->traceless) {
        zoom_wipe(data, len);
    }

    return len;
}

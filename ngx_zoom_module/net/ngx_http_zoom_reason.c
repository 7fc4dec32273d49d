#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_transfer.h"


/* a timer that is so much late tells of a busy worker, ms */

#define NGX_HTTP_ZOOM_REASON_BUSY  600


typedef struct {
    CURLcode      code;
    const char   *reason;
    const char   *advice;
} ngx_http_zoom_reason_word_t;


static void ngx_http_zoom_reason_queued(ngx_http_zoom_transfer_t *t);
static ngx_msec_t ngx_http_zoom_reason_connecting(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_reason_late(ngx_http_zoom_transfer_t *t,
    const char *phase, ngx_msec_t limit, ngx_msec_t resolving);
static ngx_uint_t ngx_http_zoom_reason_ours(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_reason_connect(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_reason_verify(ngx_http_zoom_transfer_t *t);
static void ngx_http_zoom_reason_word(ngx_http_zoom_transfer_t *t,
    CURLcode code);


static ngx_http_zoom_reason_word_t  ngx_http_zoom_reason_words[] = {

    { CURLE_COULDNT_RESOLVE_HOST,
      "could not resolve host", "check resolver" },

    { CURLE_COULDNT_RESOLVE_PROXY,
      "could not resolve proxy", "check resolver" },

    { CURLE_GOT_NOTHING,
      "connection was closed before the answer", NULL },

    { CURLE_PARTIAL_FILE,
      "connection was closed inside the answer", NULL },

    { CURLE_WEIRD_SERVER_REPLY, "answer is not HTTP", NULL },
    { CURLE_UNSUPPORTED_PROTOCOL, "answer is not HTTP", NULL },
    { CURLE_BAD_CONTENT_ENCODING, "answer is not HTTP", NULL },
    { CURLE_HTTP2, "HTTP/2 connection failed", NULL },
    { CURLE_HTTP2_STREAM, "HTTP/2 stream failed", NULL },
    { CURLE_FILESIZE_EXCEEDED, "answer is too large", NULL },
    { CURLE_OUT_OF_MEMORY, "not enough memory", NULL },

    { CURLE_OK, NULL, NULL }
};


void
ngx_http_zoom_reason(ngx_http_zoom_transfer_t *t, CURLcode code)
{
    if (ngx_http_zoom_reason_ours(t)) {
        return;
    }

    switch (code) {

    case CURLE_COULDNT_CONNECT:
        ngx_http_zoom_reason_connect(t);
        return;

    case CURLE_OPERATION_TIMEDOUT:
        ngx_http_zoom_reason_timeout(t);
        return;

    case CURLE_PEER_FAILED_VERIFICATION:
        ngx_http_zoom_reason_verify(t);
        return;

    case CURLE_SSL_CONNECT_ERROR:
        ngx_http_zoom_reason_say(t, NULL, "TLS: handshake failed: %s",
                                 t->error);
        return;

    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        ngx_http_zoom_reason_say(t, NULL, "connection was reset%s",
                                 t->header_len ? " inside the answer" : "");
        return;

    default:
        ngx_http_zoom_reason_word(t, code);
        return;
    }
}


void
ngx_http_zoom_reason_timeout(ngx_http_zoom_transfer_t *t)
{
    char        *phase;
    ngx_msec_t   limit;
    curl_off_t   resolved, sent;

    t->timedout = 1;

    if (t->state == NGX_HTTP_ZOOM_TRANSFER_WAITING) {
        ngx_http_zoom_reason_queued(t);
        return;
    }

    resolved = 0;
    sent = 0;

    if (t->handle.easy) {
        (void) curl_easy_getinfo(t->handle.easy, CURLINFO_NAMELOOKUP_TIME_T,
                                 &resolved);
        (void) curl_easy_getinfo(t->handle.easy, CURLINFO_PRETRANSFER_TIME_T,
                                 &sent);
    }

    limit = t->timeout;

    if (resolved == 0) {
        phase = "resolving";

    } else if (t->header_len) {
        phase = "reading the answer";

    } else if (sent) {
        phase = "waiting for the answer";

    } else {
        phase = t->handshake ? "in the TLS handshake" : "connecting";

        limit = ngx_http_zoom_reason_connecting(t);
    }

    ngx_http_zoom_reason_late(t, phase, limit, (ngx_msec_t) resolved / 1000);
}


static void
ngx_http_zoom_reason_queued(ngx_http_zoom_transfer_t *t)
{
    t->queued = 1;

    ngx_http_zoom_reason_say(t, t->client->conf->connections
                                ? "increase \"connections\""
                                : "\"connections auto\" is at its bound, set "
                                  "a number or increase "
                                  "\"worker_connections\"",
                             "%M ms were not enough while waiting for a "
                             "connection",
                             ngx_current_msec - t->created);
}


/* connect_timeout, unless the time as a whole was over before */

static ngx_msec_t
ngx_http_zoom_reason_connecting(ngx_http_zoom_transfer_t *t)
{
    ngx_msec_t  connect;

    connect = t->client->conf->connect_timeout;

    return ngx_min(connect, t->timeout);
}


/*
 * What a busy worker, or a slow name server, took of the time says nothing of
 * Zoom.
 */

static void
ngx_http_zoom_reason_late(ngx_http_zoom_transfer_t *t, const char *phase,
    ngx_msec_t limit, ngx_msec_t resolving)
{
    ngx_msec_int_t  busy;

    busy = (ngx_msec_int_t) (ngx_current_msec - t->started - limit);

    if (busy > NGX_HTTP_ZOOM_REASON_BUSY) {
        t->ours = 1;
        ngx_http_zoom_reason_say(t, NULL, "timed out after %M ms while %s, "
                                 "the worker process was busy for %M ms",
                                 limit, phase, (ngx_msec_t) busy);
        return;
    }

    if (resolving > limit / 2) {
        t->ours = 1;
        ngx_http_zoom_reason_say(t, "check resolver", "timed out after %M ms "
                                 "while %s, resolving took %M ms", limit,
                                 phase, resolving);
        return;
    }

    t->ours = t->cut;

    ngx_http_zoom_reason_say(t, NULL, "timed out after %M ms while %s",
                             t->cut ? t->exchange->timeout : limit, phase);
}


void
ngx_http_zoom_reason_say(ngx_http_zoom_transfer_t *t, const char *advice,
    const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    t->advice = advice;

    last = t->reason + NGX_HTTP_ZOOM_TRANSFER_REASON - 1;

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


/* Where curl's code would only be a consequence. */

static ngx_uint_t
ngx_http_zoom_reason_ours(ngx_http_zoom_transfer_t *t)
{
    long  proxy;

    if (t->handle.trouble) {
        ngx_http_zoom_reason_say(t, NULL, "%s", t->handle.trouble);
        return 1;
    }

    if (t->too_large) {
        ngx_http_zoom_reason_say(t, NULL, "answer is too large");
        return 1;
    }

    if (t->no_memory) {
        ngx_http_zoom_reason_say(t, NULL, "not enough memory");
        return 1;
    }

    proxy = 0;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_HTTP_CONNECTCODE,
                             &proxy);

    if (proxy && proxy / 100 != 2) {
        ngx_http_zoom_reason_say(t, "check proxy", "proxy answered %l", proxy);
        return 1;
    }

    return 0;
}


static void
ngx_http_zoom_reason_connect(ngx_http_zoom_transfer_t *t)
{
    long         err;
    u_char      *p, text[NGX_MAX_ERROR_STR / 16];
    const char  *advice;

    err = 0;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_OS_ERRNO, &err);

    if (err == 0) {
        ngx_http_zoom_reason_say(t, NULL, "could not connect");
        return;
    }

    advice = NULL;

    if (err == NGX_EACCES || err == NGX_EPERM) {
        advice = "setsebool -P httpd_can_network_connect 1";

    } else if (t->proxied) {
        advice = "check proxy";
    }

    p = ngx_strerror((ngx_err_t) err, text, sizeof(text) - 1);
    *p = '\0';

    ngx_http_zoom_reason_say(t, advice, "could not connect: %s", text);
}


static void
ngx_http_zoom_reason_verify(ngx_http_zoom_transfer_t *t)
{
    char  *text;
    long   result;

    t->untrusted = 1;

    result = X509_V_OK;
    (void) curl_easy_getinfo(t->handle.easy, CURLINFO_SSL_VERIFYRESULT,
                             &result);

    /* the chain is good, but for another name: curl leaves 0 or 1 here */

    if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED) {
        text = t->error;

        if (ngx_strncmp(text, "SSL: ", 5) == 0) {
            text += 5;
        }

        ngx_http_zoom_reason_say(t, "check the host of the URL",
                                "TLS: certificate verify failed: %s", text);
        return;
    }

    ngx_http_zoom_reason_say(t, "check trusted_certificate",
                            "TLS: certificate verify failed: %s",
                            X509_verify_cert_error_string(result));
}


static void
ngx_http_zoom_reason_word(ngx_http_zoom_transfer_t *t, CURLcode code)
{
    ngx_http_zoom_reason_word_t  *w;

    for (w = ngx_http_zoom_reason_words; w->reason; w++) {
        if (w->code == code) {
            ngx_http_zoom_reason_say(t, w->advice, "%s", w->reason);
            return;
        }
    }

    ngx_http_zoom_reason_say(t, NULL, "%s", curl_easy_strerror(code));
}

/*
 * An exchange as it runs, for the files of the transport only.
 */

#ifndef _NGX_HTTP_ZOOM_TRANSFER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TRANSFER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include "ngx_http_zoom_curl.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_resolve.h"


#define NGX_HTTP_ZOOM_TRANSFER_HEADERS  16384
#define NGX_HTTP_ZOOM_TRANSFER_VALUE    256
#define NGX_HTTP_ZOOM_TRANSFER_BODY     4096
#define NGX_HTTP_ZOOM_TRANSFER_REASON   256

/* header fields of a request that are told to curl */
#define NGX_HTTP_ZOOM_TRANSFER_NFIELDS  5


typedef enum {
    NGX_HTTP_ZOOM_TRANSFER_NONE = 0,
    NGX_HTTP_ZOOM_TRANSFER_WAITING,
    NGX_HTTP_ZOOM_TRANSFER_RESOLVING,
    NGX_HTTP_ZOOM_TRANSFER_RUNNING,
    NGX_HTTP_ZOOM_TRANSFER_DONE
} ngx_http_zoom_transfer_state_e;


enum {
    NGX_HTTP_ZOOM_TRANSFER_RETRY_AFTER = 0,
    NGX_HTTP_ZOOM_TRANSFER_DATE,
    NGX_HTTP_ZOOM_TRANSFER_TRACKING_ID,
    NGX_HTTP_ZOOM_TRANSFER_RATE_TYPE,
    NGX_HTTP_ZOOM_TRANSFER_RATE_CATEGORY,
    NGX_HTTP_ZOOM_TRANSFER_NHEADERS
};


typedef struct {
    size_t                           len;
    u_char                           data[NGX_HTTP_ZOOM_TRANSFER_VALUE];
} ngx_http_zoom_transfer_value_t;


/*
 * The transfers to one origin host, "running" in the order in which they left
 * the queue.  There are as many as origins.
 */

typedef struct {
    ngx_queue_t                      queue;
    ngx_str_t                        name;
    in_port_t                        port;
    ngx_uint_t                       https;
    char                            *url;        /* https://host[:port] */
    CURLU                           *address;    /* what curl knows it as */
    ngx_queue_t                      waiting;
    ngx_queue_t                      running;
    ngx_uint_t                       nwaiting;
    ngx_uint_t                       active;
    ngx_msec_t                       latency;    /* of answers, lately */
} ngx_http_zoom_transfer_host_t;


struct ngx_http_zoom_http_client_s {
    ngx_http_zoom_curl_t                  curl;
    const ngx_http_zoom_client_conf_t    *conf;
    char                                 *proxy;
    ngx_queue_t                           hosts;
    ngx_queue_t                           transfers;
    ngx_event_t                           pump;
    ngx_event_t                           rest;     /* for want of work */
    ngx_msec_t                            used;
    ngx_log_t                            *log;
    CURL                                **idle;     /* "bound" of them, or
                                                       NULL */
    ngx_uint_t                            nidle;
    ngx_uint_t                            rate;     /* requests per 1000 s */
    ngx_uint_t                            bound;    /* connections per host */
    ngx_uint_t                            keep;     /* idle connections */
    unsigned                              proxy_literal:1;
};


/*
 * An exchange as it runs.  "secret" holds the target, the authorization header
 * and the body of the request.
 */

typedef struct {
    ngx_http_zoom_curl_handle_t      handle;
    ngx_http_zoom_exchange_t        *exchange;
    ngx_http_zoom_http_client_t     *client;
    ngx_http_zoom_transfer_host_t   *host;
    ngx_http_zoom_transfer_state_e   state;
    unsigned                         queued:1;   /* until its time was over */
    ngx_queue_t                      queue;      /* of the state */
    ngx_queue_t                      link;       /* of client->transfers */
    ngx_log_t                       *log;

    ngx_event_t                      timer;
    ngx_msec_t                       created;
    ngx_msec_t                       started;    /* its state */
    ngx_msec_t                       timeout;    /* of the state */
    ngx_msec_t                       deadline;

    ngx_http_zoom_resolve_t          resolve;

    u_char                          *secret;
    size_t                           secret_len;
    char                            *target;     /* path and query */
    char                            *body;
    size_t                           body_len;
    struct curl_slist                headers[NGX_HTTP_ZOOM_TRANSFER_NFIELDS];

    u_char                          *answer;
    size_t                           answer_len;
    size_t                           answer_size;
    size_t                           body_max;
    u_char                          *head;       /* NULL: nobody wants it */
    size_t                           head_len;
    size_t                           header_len;
    ngx_http_zoom_transfer_value_t   values[NGX_HTTP_ZOOM_TRANSFER_NHEADERS];

    ngx_int_t                        rc;
    long                             status;
    const char                      *advice;
    u_char                           reason[NGX_HTTP_ZOOM_TRANSFER_REASON];
    char                             error[CURL_ERROR_SIZE];

    unsigned                         https:1;
    unsigned                         plain:1;    /* as most: a handle of
                                                    client->idle will do */
    unsigned                         literal:1;
    unsigned                         traceless:1;
    unsigned                         proxied:1;
    unsigned                         timedout:1;
    unsigned                         cut:1;      /* the caller had less time
                                                    than request_timeout */
    unsigned                         ours:1;
    unsigned                         untrusted:1;
    unsigned                         handshake:1;
    unsigned                         retried:1;
    unsigned                         head_ended:1;
    unsigned                         too_large:1;
    unsigned                         no_memory:1;
} ngx_http_zoom_transfer_t;


/* Copies all of "f"; NULL if there is no memory. */
ngx_http_zoom_transfer_t *ngx_http_zoom_transfer_create(
    ngx_http_zoom_http_client_t *client, ngx_http_zoom_exchange_t *f);

/* Wipes and frees. */
void ngx_http_zoom_transfer_destroy(ngx_http_zoom_transfer_t *t);

/*
 * A new state has at most "time" milliseconds, and no more than is left to the
 * caller.  NGX_ERROR: nothing is.
 */

ngx_int_t ngx_http_zoom_transfer_start(ngx_http_zoom_transfer_t *t,
    ngx_http_zoom_transfer_state_e state, ngx_msec_t time);

/* Gets an easy handle, made or idle, with the time that is left. */
ngx_int_t ngx_http_zoom_transfer_setup(ngx_http_zoom_transfer_t *t);

/* Ends with the handle, which has been removed from curl's multi handle. */
void ngx_http_zoom_transfer_release(ngx_http_zoom_transfer_t *t);

/* Sets the time that is left, anew for a second try. */
CURLcode ngx_http_zoom_transfer_time(ngx_http_zoom_transfer_t *t);

/* Writes the result into the caller's struct. */
void ngx_http_zoom_transfer_fill(ngx_http_zoom_transfer_t *t);


/* Most connections that any host may have. */
ngx_uint_t ngx_http_zoom_transfer_host_bound(ngx_cycle_t *cycle,
    const ngx_http_zoom_client_conf_t *conf);

/* NULL if there is no memory. */
ngx_http_zoom_transfer_host_t *ngx_http_zoom_transfer_host(
    ngx_http_zoom_http_client_t *client, const ngx_http_zoom_origin_t *origin);

/* Nothing goes to it any more. */
void ngx_http_zoom_transfer_host_free(ngx_http_zoom_transfer_host_t *host);

/* As many connections as it may have now. */
ngx_uint_t ngx_http_zoom_transfer_host_limit(
    ngx_http_zoom_http_client_t *client, ngx_http_zoom_transfer_host_t *host);

/* An answer came after so many milliseconds. */
void ngx_http_zoom_transfer_host_answered(ngx_http_zoom_transfer_host_t *host,
    ngx_msec_t took);

/* Tells curl how many connections to keep, after a limit may have changed. */
void ngx_http_zoom_transfer_host_keep(ngx_http_zoom_http_client_t *client);


/* Why it failed, in words, while the easy handle is still there. */
void ngx_http_zoom_reason(ngx_http_zoom_transfer_t *t, CURLcode code);
void ngx_http_zoom_reason_timeout(ngx_http_zoom_transfer_t *t);

/* As ngx_sprintf() writes; what a server had its say in is made printable. */
void ngx_http_zoom_reason_say(ngx_http_zoom_transfer_t *t, const char *advice,
    const char *fmt, ...);


/* Makes what "idle" and "curl" are of a client; NGX_ERROR: logged. */
ngx_int_t ngx_http_zoom_client_open(ngx_http_zoom_http_client_t *client);

/* There are no transfers.  Harmless where it was not opened. */
void ngx_http_zoom_client_close(ngx_http_zoom_http_client_t *client);


#endif /* _NGX_HTTP_ZOOM_TRANSFER_H_INCLUDED_ */
